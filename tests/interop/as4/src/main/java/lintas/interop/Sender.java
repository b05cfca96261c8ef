package lintas.interop;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

import com.helger.httpclient.HttpClientFactory;
import com.helger.httpclient.HttpClientSettings;
import com.helger.phase4.CAS4;
import com.helger.phase4.attachment.AS4OutgoingAttachment;
import com.helger.phase4.crypto.ECryptoKeyIdentifierType;
import com.helger.phase4.crypto.IAS4CryptoFactory;
import com.helger.phase4.dump.AS4OutgoingDumperSingleUse;
import com.helger.phase4.ebms3header.Ebms3SignalMessage;
import com.helger.phase4.incoming.AS4IncomingProfileSelectorConstant;
import com.helger.phase4.model.MessageProperty;
import com.helger.phase4.sender.AS4Sender;
import com.helger.phase4.sender.EAS4UserMessageSendResult;
import com.helger.phase4.sender.IAS4SignalMessageValidationResultHandler;

/** Sends as it is told, and says what came back and what phase4 thinks of it. */
final class Sender {
    private static final String NUMBER = "@NUMBER@@"; // in a document that is sent often; as bench/load.c has it

    private final Peer peer;
    private final HttpClientFactory http;
    private final Map<String, IAS4CryptoFactory> signers = new ConcurrentHashMap<>();

    Sender(Peer peer) throws Exception {
        this.peer = peer;
        http = new HttpClientFactory(new HttpClientSettings().setSSLContext(peer.security.tls()));
    }

    Map<String, String> obey(Map<String, String> command) {
        try {
            return switch (command.get("do")) {
                case "send" -> send(command, payloads(command));
                case "load" -> load(command);
                default -> Map.of("failed", "no such command");
            };
        } catch (Exception e) {
            return Map.of("failed", e.toString());
        }
    }

    private static List<byte[]> payloads(Map<String, String> command) throws Exception {
        List<byte[]> payloads = new ArrayList<>();
        for (String file : command.getOrDefault("payloads", "").split(" "))
            if (!file.isEmpty())
                payloads.add(Files.readAllBytes(Path.of(file)));
        return payloads;
    }

    private IAS4CryptoFactory signer(String name) {
        return signers.computeIfAbsent(name, key -> {
            try {
                return peer.security.crypto(key, peer.pinned());
            } catch (Exception e) {
                throw new IllegalStateException("no key " + key, e);
            }
        });
    }

    /** Of a receipt or error: was it signed, by whom, and does it repeat the digests of what was sent? */
    private static final class Verdict implements IAS4SignalMessageValidationResultHandler {
        final List<String> wrong = new ArrayList<>();
        String receipt = "", id = "", signer = "", errors = "";

        @Override
        public void onSuccess() {
            receipt = "verified";
        }

        @Override
        public void onError(String text) {
            wrong.add(text);
        }

        @Override
        public void onNotApplicable() {
            receipt = "not compared";
        }

        void read(Ebms3SignalMessage signal) {
            id = signal.getMessageInfo().getMessageId();
            errors = signal.getError().stream().map(e -> e.getErrorCode() + " " + e.getErrorDetail())
                    .collect(Collectors.joining("; "));
        }
    }

    private Map<String, String> send(Map<String, String> command, List<byte[]> payloads) throws Exception {
        String profile = peer.setting("profile");
        Verdict verdict = new Verdict();
        AS4Sender.BuilderUserMessage message = AS4Sender.builderUserMessage();
        message.httpClientFactory(http).endpointURL(peer.setting("partner.endpoint")).as4ProfileID("interop");
        String key = command.getOrDefault("key", "sign"); // empty: unsigned
        message.pmode(key.isEmpty() ? peer.unsigned : peer.agreed);
        message.pmodeResolver((id, service, action, from, to, agreement, address) -> peer.agreed);
        message.incomingProfileSelector(new AS4IncomingProfileSelectorConstant(null));
        message.fromPartyIDType(peer.setting("party.type")).fromPartyID(peer.setting("party"));
        message.fromRole(CAS4.DEFAULT_INITIATOR_URL);
        message.toPartyIDType(peer.setting("party.type")).toPartyID(peer.setting("partner"));
        message.toRole(CAS4.DEFAULT_RESPONDER_URL);
        message.service(command.getOrDefault("service", CAS4.DEFAULT_SERVICE_URL));
        message.action(command.getOrDefault("action", CAS4.DEFAULT_ACTION_URL));
        message.addMessageProperty(property(CAS4.ORIGINAL_SENDER, command.get("from")));
        message.addMessageProperty(property(CAS4.FINAL_RECIPIENT, command.get("to")));
        message.messageID(command.get("id"));
        for (byte[] payload : payloads) {
            AS4OutgoingAttachment.Builder part = AS4OutgoingAttachment.builder().data(payload).mimeTypeXML();
            message.addAttachment(command.containsKey("plain") ? part : part.compressionGZIP());
        }

        message.cryptoFactorySign(signer(key.isEmpty() ? "sign" : key)).cryptoFactoryCrypt(signer("decrypt"));
        Security.encryption(profile, message.cryptParams());
        if (command.containsKey("token"))
            message.signingParams().setKeyIdentifierType(ECryptoKeyIdentifierType.valueOf(command.get("token")));
        message.receiverCertificate(peer.security.certificate("partner-decrypt.pem"));

        message.signalMsgValidationResultHdl(verdict);
        message.signalMsgConsumer((signal, metadata, state) -> {
            verdict.read(signal);
            if (state.isSoapSignatureChecked() && state.getSigningCertificate() != null)
                verdict.signer = state.getSigningCertificate().getSubjectX500Principal().getName();
        });
        String keep = command.getOrDefault("keep", "");
        Path answer = Path.of(keep + ".answer");
        if (!keep.isEmpty())
            message.rawResponseConsumer(m -> write(answer, m.getResponseContent()));
        EAS4UserMessageSendResult result;
        try (OutputStream out = keep.isEmpty() ? OutputStream.nullOutputStream() : Files.newOutputStream(Path.of(keep))) {
            if (!keep.isEmpty())
                message.outgoingDumper(new AS4OutgoingDumperSingleUse(out));
            result = message.sendMessageAndCheckForReceipt(e -> verdict.wrong.add(String.valueOf(e.getMessage())));
        }
        Map<String, String> told = new LinkedHashMap<>();
        told.put("result", result.getID());
        told.put("receipt", verdict.receipt);
        told.put("id", verdict.id);
        told.put("signer", verdict.signer);
        told.put("errors", verdict.errors);
        told.put("wrong", String.join("; ", verdict.wrong));
        return told;
    }

    private static MessageProperty property(String name, String value) {
        return MessageProperty.builder().name(name).value(value).build();
    }

    private static void write(Path path, byte[] octets) {
        try {
            Files.write(path, octets == null ? new byte[0] : octets);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** COUNT copies of one document, numbered, OPEN at a time. */
    private Map<String, String> load(Map<String, String> command) throws Exception {
        String document = new String(payloads(command).get(0), StandardCharsets.UTF_8);
        int first = Integer.parseInt(command.get("first")), count = Integer.parseInt(command.get("count"));
        ExecutorService threads = Executors.newFixedThreadPool(Integer.parseInt(command.get("open")));
        try {
            long began = System.nanoTime();
            List<Future<Map<String, String>>> sent = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                byte[] numbered = document.replace(NUMBER, String.format("%09d", first + i))
                        .getBytes(StandardCharsets.UTF_8);
                sent.add(threads.submit(() -> send(command, List.of(numbered))));
            }
            int good = 0;
            String other = "";
            for (Future<Map<String, String>> one : sent) {
                Map<String, String> told = one.get();
                if (told.get("receipt").equals("verified"))
                    good++;
                else
                    other = told.toString();
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            return Map.of("seconds", String.valueOf(seconds), "good", String.valueOf(good), "other", other);
        } finally {
            threads.shutdown();
        }
    }
}
