package lintas.interop;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.w3c.dom.Node;

import com.helger.collection.commons.CommonsArrayList;
import com.helger.collection.commons.ICommonsList;
import com.helger.http.EHttpMethod;
import com.helger.http.header.HttpHeaderMap;
import com.helger.phase4.attachment.WSS4JAttachment;
import com.helger.phase4.crypto.IAS4CryptoFactory;
import com.helger.phase4.ebms3header.Ebms3Property;
import com.helger.phase4.ebms3header.Ebms3SignalMessage;
import com.helger.phase4.ebms3header.Ebms3UserMessage;
import com.helger.phase4.error.AS4ErrorList;

import com.helger.phase4.incoming.AS4IncomingProfileSelectorConstant;
import com.helger.phase4.incoming.AS4RequestHandler;
import com.helger.phase4.incoming.AS4ServerInitializer;
import com.helger.phase4.incoming.IAS4IncomingMessageMetadata;
import com.helger.phase4.incoming.IAS4IncomingMessageState;
import com.helger.phase4.incoming.spi.AS4MessageProcessorResult;
import com.helger.phase4.incoming.spi.AS4SignalMessageProcessorResult;
import com.helger.phase4.incoming.spi.IAS4IncomingMessageProcessorSPI;
import com.helger.phase4.model.error.EEbmsError;
import com.helger.phase4.model.pmode.IPMode;
import com.helger.phase4.servlet.AS4UnifiedResponse;
import com.helger.phase4.servlet.AS4XServletHandler;
import com.helger.phase4.servlet.IAS4ServletRequestHandlerCustomizer;
import com.helger.web.scope.IRequestWebScopeWithoutResponse;
import com.helger.web.scope.mgr.WebScopeManager;
import com.helger.xservlet.AbstractXServlet;

import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;

/** phase4's servlet in Jetty over mutual TLS. What it hands over goes to the folder "received", a folder a message. */
final class Receiver implements IAS4IncomingMessageProcessorSPI {
    private final Path received;
    private final AtomicInteger count = new AtomicInteger();

    private Receiver(Path received) {
        this.received = received;
    }

    static void start(Peer peer) throws Exception {
        Agreed agreed = new Agreed(peer);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addEventListener(new ServletContextListener() {
            @Override
            public void contextInitialized(ServletContextEvent event) {
                WebScopeManager.onGlobalBegin(event.getServletContext());
                AS4ServerInitializer.initAS4Server();
                event.getServletContext().addServlet("as4", new Endpoint(agreed)).addMapping("/as4");
            }
        });

        SslContextFactory.Server tls = new SslContextFactory.Server();
        tls.setSslContext(peer.security.tls());
        tls.setNeedClientAuth(true);
        HttpConfiguration http = new HttpConfiguration();
        http.addCustomizer(new SecureRequestCustomizer(false)); // addresses have no SNI
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, new SslConnectionFactory(tls, "http/1.1"),
                new HttpConnectionFactory(http));
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(peer.setting("port")));
        server.addConnector(connector);
        server.setHandler(context);
        server.start();
    }

    private static final class Endpoint extends AbstractXServlet {
        private static final long serialVersionUID = 1;

        Endpoint(Agreed agreed) {
            settings().setMultipartEnabled(false); // phase4 reads the parts itself
            AS4XServletHandler handler = new AS4XServletHandler();
            handler.setRequestHandlerCustomizer(agreed);
            handlerRegistry().registerHandler(EHttpMethod.POST, handler);
        }
    }

    /** Our keys and our P-Mode for every request. */
    private static final class Agreed implements IAS4ServletRequestHandlerCustomizer {
        private final Peer peer;
        private final IAS4CryptoFactory sign, decrypt;
        private final ICommonsList<IAS4IncomingMessageProcessorSPI> processors;

        Agreed(Peer peer) throws Exception {
            this.peer = peer;
            sign = peer.security.crypto("sign", peer.pinned());
            decrypt = peer.security.crypto("decrypt", peer.pinned());
            processors = new CommonsArrayList<>(new Receiver(Files.createDirectories(peer.folder.resolve("received"))));
        }

        @Override
        public void customizeBeforeHandling(IRequestWebScopeWithoutResponse scope, AS4UnifiedResponse response,
                AS4RequestHandler handler) {
            handler.setCryptoFactorySign(sign);
            handler.setCryptoFactoryCrypt(decrypt);
            handler.setPModeResolver((id, service, action, from, to, agreement, address) -> peer.agreed);
            handler.setIncomingProfileSelector(new AS4IncomingProfileSelectorConstant(null));
            handler.setProcessorSupplier(() -> processors);
        }

        @Override
        public void customizeAfterHandling(IRequestWebScopeWithoutResponse scope, AS4UnifiedResponse response,
                AS4RequestHandler handler) {
            // Nothing is left to do.
        }
    }

    /** phase4 hands over what has no signature, although the P-Mode demands one: its application must look. */
    @Override
    public AS4MessageProcessorResult processAS4UserMessage(IAS4IncomingMessageMetadata metadata, HttpHeaderMap headers,
            Ebms3UserMessage user, IPMode pmode, Node payload, ICommonsList<WSS4JAttachment> parts,
            IAS4IncomingMessageState state, AS4ErrorList errors) {
        if (!state.isSoapSignatureChecked()) {
            errors.add(EEbmsError.EBMS_POLICY_NONCOMPLIANCE.errorBuilder(Locale.ROOT).errorDetail("not signed").build());
            return AS4MessageProcessorResult.createFailure();
        }
        try {
            String name = String.format("%06d", count.incrementAndGet());
            Path folder = Files.createDirectories(received.resolve(name + ".new"));
            int number = 0;
            if (parts != null)
                for (WSS4JAttachment part : parts)
                    try (InputStream in = part.getSourceStream()) {
                        Files.copy(in, folder.resolve("part-" + ++number));
                    }
            Files.writeString(folder.resolve("message"), describe(user, state));
            Files.move(folder, received.resolve(name));
            return AS4MessageProcessorResult.createSuccess();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String describe(Ebms3UserMessage user, IAS4IncomingMessageState state) {
        StringBuilder text = new StringBuilder();
        text.append("id=").append(user.getMessageInfo().getMessageId());
        text.append("\taction=").append(user.getCollaborationInfo().getAction());
        if (user.getMessageProperties() != null)
            for (Ebms3Property property : user.getMessageProperties().getProperty())
                text.append('\t').append(property.getName()).append('=').append(property.getValue());
        X509Certificate signer = state.getSigningCertificate();
        text.append("\tsigner=").append(signer == null ? "" : signer.getSubjectX500Principal().getName());
        text.append("\tdecrypted=").append(state.isSoapDecrypted());
        return text.toString();
    }

    @Override
    public AS4SignalMessageProcessorResult processAS4SignalMessage(IAS4IncomingMessageMetadata metadata,
            HttpHeaderMap headers, Ebms3SignalMessage signal, IPMode pmode, IAS4IncomingMessageState state,
            AS4ErrorList errors) {
        return AS4SignalMessageProcessorResult.createSuccess();
    }

    @Override
    public void processAS4ResponseMessage(IAS4IncomingMessageMetadata metadata, IAS4IncomingMessageState state,
            String id, byte[] response, boolean available, AS4ErrorList errors) {
        // The partner says what it got.
    }
}
