package lintas.interop;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import com.helger.phase4.crypto.AS4CryptParams;
import com.helger.phase4.crypto.AS4CryptoFactoryInMemoryKeyStore;
import com.helger.phase4.crypto.ECryptoAlgorithmCrypt;
import com.helger.phase4.crypto.ECryptoAlgorithmSign;
import com.helger.phase4.crypto.IAS4CryptoFactory;

/** Keys from the folder of a peer, and what each security profile asks of phase4. */
final class Security {
    private static final char[] PASSWORD = "interop".toCharArray();
    private static final String ALIAS = "key";

    private final Path folder;

    Security(Path folder) {
        this.folder = folder;
    }

    static ECryptoAlgorithmSign signature(String profile) {
        return switch (profile) {
            case "edelivery-1.15" -> ECryptoAlgorithmSign.RSA_SHA_256;
            case "edelivery-2.0" -> ECryptoAlgorithmSign.EDDSA_ED25519;
            case "ecdsa-p256" -> ECryptoAlgorithmSign.ECDSA_SHA_256;
            default -> throw new IllegalArgumentException("no profile is called " + profile);
        };
    }

    /** RSA-OAEP with SHA-256 is phase4's default; the two others agree on a key. */
    static void encryption(String profile, AS4CryptParams params) {
        params.setAlgorithmCrypt(ECryptoAlgorithmCrypt.AES_128_GCM);
        if (profile.equals("edelivery-2.0"))
            params.setEDelivery2KeyAgreementX25519();
        else if (profile.equals("ecdsa-p256"))
            params.setEDelivery2KeyAgreementECDHES();
    }

    /** The key in NAME.p12; believed is who signs with the partner's pinned certificates, nobody else. */
    IAS4CryptoFactory crypto(String name, List<String> pinned) throws GeneralSecurityException, IOException {
        return new AS4CryptoFactoryInMemoryKeyStore(keys(name), ALIAS, PASSWORD, trust(pinned));
    }

    X509Certificate certificate(String file) throws GeneralSecurityException, IOException {
        try (InputStream in = Files.newInputStream(folder.resolve(file))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    /** For both ends of TLS: our certificate, and the authority that issued the partner's. */
    SSLContext tls() throws GeneralSecurityException, IOException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(keys("tls"), PASSWORD);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trust(List.of("authority.pem")));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private KeyStore keys(String name) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(folder.resolve(name + ".p12"))) {
            store.load(in, PASSWORD);
        }
        return store;
    }

    private KeyStore trust(List<String> files) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (String file : files)
            store.setCertificateEntry(file, certificate(file));
        return store;
    }
}
