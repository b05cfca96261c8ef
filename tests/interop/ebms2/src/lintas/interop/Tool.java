package lintas.interop;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.SignatureMethod;

/**
 * Signs and verifies ebMS 2 messages as standard input says. A command is one line of NAME=VALUE, separated by tabs, and so
 * is its answer.
 *
 * do=sign    envelope=FILE out=FILE attachments=FILE… ids=CONTENT-ID… types=TYPE… [encoding=binary|base64|none]
 *            [key=FILE (PKCS#12, password "interop"; without it the message is only packed)] [xpath=FILE] [prefix=PREFIX]
 *            [signature=URI] [digest=URI] [c14n=URI] [keyvalue=no] [bare=yes (without attachments: no MIME)] [crlf=yes]
 *            [unsigned=NUMBER (so many of the last attachments are left out of the signature)]
 * do=verify  message=FILE [certificate=FILE (PEM; without it the message is only opened)] [parts=FOLDER]
 *            verified=true|false value=true|false references=URI:true|false… unsigned=CONTENT-ID… signature=URI wrong=TEXT
 *            ids=CONTENT-ID…; FOLDER gets "envelope", "part-1" and on
 */
public final class Tool {
    private static final char[] PASSWORD = "interop".toCharArray();

    private Tool() {}

    private static List<String> list(Map<String, String> command, String name) {
        String value = command.getOrDefault(name, "");
        return value.isEmpty() ? List.of() : List.of(value.split(" "));
    }

    private static Map<String, String> sign(Map<String, String> command) throws Exception {
        byte[] envelope = Files.readAllBytes(Path.of(command.get("envelope")));
        String encoding = command.getOrDefault("encoding", "binary").replace("none", "");
        List<String> files = list(command, "attachments"), ids = list(command, "ids"), types = list(command, "types");
        List<Mime.Part> parts = new ArrayList<>();
        for (int i = 0; i < files.size(); i++)
            parts.add(new Mime.Part(ids.get(i), types.get(i), encoding, Files.readAllBytes(Path.of(files.get(i)))));
        if (command.containsKey("key")) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(new ByteArrayInputStream(Files.readAllBytes(Path.of(command.get("key")))), PASSWORD);
            String alias = keys.aliases().nextElement();
            var document = Signature.parse(envelope);
            int left = parts.size() - Integer.parseInt(command.getOrDefault("unsigned", "0"));
            Signature.sign(document, parts.subList(0, left), (PrivateKey) keys.getKey(alias, PASSWORD),
                    (X509Certificate) keys.getCertificate(alias), method(command));
            envelope = Signature.print(document);
        }
        if ("yes".equals(command.get("crlf"))) // a parser makes one line feed of each again
            envelope = new String(envelope, StandardCharsets.UTF_8).replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
        Mime.Message message;
        if (parts.isEmpty() && "yes".equals(command.get("bare"))) {
            message = new Mime.Message("text/xml; charset=UTF-8", envelope);
        } else {
            parts.add(0, new Mime.Part("envelope@interop", "text/xml; charset=UTF-8", encoding.isEmpty() ? "" : "binary", envelope));
            message = Mime.write(parts);
        }
        Files.write(Path.of(command.get("out")), message.file());
        return Map.of("type", message.type());
    }

    private static Signature.Method method(Map<String, String> command) throws Exception {
        String xpath = command.containsKey("xpath") ? Files.readString(Path.of(command.get("xpath"))) : "";
        return new Signature.Method(command.getOrDefault("signature", SignatureMethod.RSA_SHA256),
                command.getOrDefault("digest", DigestMethod.SHA256), command.getOrDefault("c14n", CanonicalizationMethod.INCLUSIVE),
                xpath, command.getOrDefault("prefix", ""), !"no".equals(command.get("keyvalue")));
    }

    private static Map<String, String> verify(Map<String, String> command) throws Exception {
        List<Mime.Part> parts = Mime.read(Mime.Message.of(Files.readAllBytes(Path.of(command.get("message")))));
        List<Mime.Part> attachments = parts.subList(1, parts.size());
        if (command.containsKey("parts"))
            for (int i = 0; i < parts.size(); i++)
                Files.write(Path.of(command.get("parts")).resolve(i == 0 ? "envelope" : "part-" + i), parts.get(i).body());
        if (!command.containsKey("certificate"))
            return Map.of("verified", "false");
        X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(command.get("certificate")))));
        Signature.Verdict verdict = Signature.verify(Signature.parse(parts.get(0).body()), attachments, certificate);
        String unsigned = attachments.stream().map(Mime.Part::id).filter(id -> !verdict.references().containsKey("cid:" + id))
                .collect(Collectors.joining(" "));
        boolean verified = verdict.value() && verdict.references().getOrDefault("", false) && unsigned.isEmpty()
                && !verdict.references().containsValue(false);
        Map<String, String> answer = new LinkedHashMap<>();
        answer.put("verified", String.valueOf(verified));
        answer.put("value", String.valueOf(verdict.value()));
        answer.put("references", verdict.references().entrySet().stream().map(e -> e.getKey() + ":" + e.getValue())
                .collect(Collectors.joining(" ")));
        answer.put("unsigned", unsigned);
        answer.put("signature", verdict.signature());
        answer.put("wrong", verdict.wrong());
        answer.put("ids", attachments.stream().map(Mime.Part::id).collect(Collectors.joining(" ")));
        return answer;
    }

    private static Map<String, String> obey(String line) {
        Map<String, String> command = new LinkedHashMap<>();
        for (String pair : line.split("\t"))
            command.put(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
        try {
            return switch (command.get("do")) {
                case "sign" -> sign(command);
                case "verify" -> verify(command);
                default -> Map.of("failed", "no such command");
            };
        } catch (Exception e) {
            return Map.of("failed", e.toString());
        }
    }

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine())
            System.out.println(obey(line).entrySet().stream().map(e -> e.getKey() + "=" + e.getValue().replaceAll("\\s+", " "))
                    .collect(Collectors.joining("\t")));
    }
}
