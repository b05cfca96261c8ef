package lintas.interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;

import com.helger.phase4.CAS4;
import com.helger.phase4.crypto.ECryptoAlgorithmCrypt;
import com.helger.phase4.crypto.ECryptoAlgorithmSignDigest;
import com.helger.phase4.model.EMEP;
import com.helger.phase4.model.EMEPBinding;
import com.helger.phase4.model.pmode.PMode;
import com.helger.phase4.model.pmode.PModeParty;
import com.helger.phase4.model.pmode.PModeReceptionAwareness;
import com.helger.phase4.model.pmode.leg.EPModeSendReceiptReplyPattern;
import com.helger.phase4.model.pmode.leg.PModeLeg;
import com.helger.phase4.model.pmode.leg.PModeLegErrorHandling;
import com.helger.phase4.model.pmode.leg.PModeLegProtocol;
import com.helger.phase4.model.pmode.leg.PModeLegSecurity;
import com.helger.phase4.wss.EWSSVersion;

/**
 * A phase4 node: an AS4 endpoint, and a sender that obeys standard input.
 *
 * A command is one line of NAME=VALUE, separated by tabs, and so is its answer on standard output.
 */
public final class Peer {
    final Path folder;
    final Security security;
    PMode agreed, unsigned; // made when phase4's web application has started: not before
    private final Properties settings = new Properties();

    private Peer(Path folder) throws Exception {
        this.folder = folder;
        try (Reader in = Files.newBufferedReader(folder.resolve("peer.properties"))) {
            settings.load(in);
        }
        security = new Security(folder);
    }

    String setting(String name) {
        String value = settings.getProperty(name);
        if (value == null)
            throw new IllegalArgumentException("peer.properties has no " + name);
        return value;
    }

    /** The partner's signing certificates, in our folder. */
    List<String> pinned() {
        return List.of(setting("pinned").split(" "));
    }

    /** One-way push with a signed receipt in the answer: what phase4's own eDelivery profiles are made of. */
    private PMode pmode(boolean signed) {
        PModeLegSecurity wanted = new PModeLegSecurity();
        wanted.setWSSVersion(EWSSVersion.WSS_111);
        if (signed) {
            wanted.setX509SignatureAlgorithm(Security.signature(setting("profile")));
            wanted.setX509SignatureHashFunction(ECryptoAlgorithmSignDigest.DIGEST_SHA_256);
        }
        wanted.setX509EncryptionAlgorithm(ECryptoAlgorithmCrypt.AES_128_GCM);
        wanted.setX509EncryptionMinimumStrength(128);
        wanted.setSendReceipt(true);
        wanted.setSendReceiptNonRepudiation(true);
        wanted.setSendReceiptReplyPattern(EPModeSendReceiptReplyPattern.RESPONSE);
        PModeLeg leg = new PModeLeg(PModeLegProtocol.createForDefaultSoapVersion(setting("endpoint")), null,
                PModeLegErrorHandling.createUndefined(), null, wanted);
        return new PMode("interop", PModeParty.createSimple("initiator", CAS4.DEFAULT_INITIATOR_URL),
                PModeParty.createSimple("responder", CAS4.DEFAULT_RESPONDER_URL), "interop", EMEP.ONE_WAY,
                EMEPBinding.PUSH, leg, null, null, PModeReceptionAwareness.createDefault());
    }

    private static Map<String, String> parse(String line) {
        Map<String, String> command = new LinkedHashMap<>();
        for (String pair : line.split("\t")) {
            int equals = pair.indexOf('=');
            command.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        return command;
    }

    private static String print(Map<String, String> answer) {
        return answer.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue().replaceAll("\\s+", " "))
                .collect(Collectors.joining("\t"));
    }

    public static void main(String[] args) {
        int status = 0; // exit: phase4's scheduler keeps its threads
        try {
            serve(args);
        } catch (Throwable failure) {
            failure.printStackTrace();
            status = 1;
        }
        System.exit(status);
    }

    private static void serve(String[] args) throws Exception {
        Peer peer = new Peer(Path.of(args[0]));
        Receiver.start(peer);
        peer.agreed = peer.pmode(true);
        peer.unsigned = peer.pmode(false);
        Sender sender = new Sender(peer);
        System.out.println("ready=" + peer.setting("port"));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine())
            System.out.println(print(sender.obey(parse(line))));
    }
}
