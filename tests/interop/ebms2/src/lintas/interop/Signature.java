package lintas.interop;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import javax.xml.crypto.OctetStreamData;
import javax.xml.crypto.URIDereferencer;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.crypto.dsig.spec.XPathFilterParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;

import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * The signature of ebMS 2.0 §4.1.3 by the JDK's XML signature, whose XPath transform is a real one: the envelope by the
 * empty URI (enveloped signature, XPath, inclusive C14N), each attachment by cid: without transforms.
 */
final class Signature {
    private static final String SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
    private static final XMLSignatureFactory FACTORY = XMLSignatureFactory.getInstance("DOM");

    /** How to sign. XPATH's PREFIX, if there is one, is declared on ds:XPath; else the envelope declares it. */
    record Method(String signature, String digest, String c14n, String xpath, String prefix, boolean keyValue) {}

    /** VALUE: of SignatureValue; REFERENCES: of each URI. */
    record Verdict(boolean value, Map<String, Boolean> references, String signature, String wrong) {}

    private Signature() {}

    static Document parse(byte[] envelope) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        return factory.newDocumentBuilder().parse(new ByteArrayInputStream(envelope));
    }

    static byte[] print(Document document) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(out));
        return out.toByteArray();
    }

    /** The signature becomes the last child of SOAP:Header. */
    static void sign(Document document, List<Mime.Part> attachments, PrivateKey key, X509Certificate certificate, Method method)
            throws Exception {
        DigestMethod digest = FACTORY.newDigestMethod(method.digest, null);
        List<Reference> references = new ArrayList<>();
        references.add(FACTORY.newReference("", digest, transforms(method), null, null));
        for (Mime.Part part : attachments)
            references.add(FACTORY.newReference("cid:" + part.id(), digest));
        KeyInfoFactory keys = FACTORY.getKeyInfoFactory();
        List<javax.xml.crypto.XMLStructure> content = new ArrayList<>();
        if (method.keyValue)
            content.add(keys.newKeyValue(certificate.getPublicKey()));
        content.add(keys.newX509Data(List.of(certificate)));
        KeyInfo info = keys.newKeyInfo(content);
        DOMSignContext context = new DOMSignContext(key, header(document));
        context.setDefaultNamespacePrefix("ds");
        context.setURIDereferencer(attached(attachments));
        FACTORY.newXMLSignature(FACTORY.newSignedInfo(
                FACTORY.newCanonicalizationMethod(method.c14n, (C14NMethodParameterSpec) null),
                FACTORY.newSignatureMethod(method.signature, null), references), info).sign(context);
    }

    private static List<Transform> transforms(Method method) throws Exception {
        List<Transform> list = new ArrayList<>();
        list.add(FACTORY.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null));
        if (!method.xpath.isEmpty())
            list.add(FACTORY.newTransform(Transform.XPATH, new XPathFilterParameterSpec(method.xpath,
                    method.prefix.isEmpty() ? Map.of() : Map.of(method.prefix, SOAP))));
        list.add(FACTORY.newTransform(CanonicalizationMethod.INCLUSIVE, (TransformParameterSpec) null));
        return list;
    }

    static Verdict verify(Document document, List<Mime.Part> attachments, X509Certificate certificate) {
        Map<String, Boolean> references = new LinkedHashMap<>();
        try {
            Element element = child(header(document), XMLSignature.XMLNS, "Signature");
            if (element == null)
                return new Verdict(false, references, "", "not signed");
            DOMValidateContext context = new DOMValidateContext(certificate.getPublicKey(), element);
            context.setURIDereferencer(attached(attachments));
            XMLSignature signature = FACTORY.unmarshalXMLSignature(context);
            for (Object o : signature.getSignedInfo().getReferences()) {
                Reference reference = (Reference) o;
                references.put(reference.getURI(), reference.validate(context));
            }
            return new Verdict(signature.getSignatureValue().validate(context), references,
                    signature.getSignedInfo().getSignatureMethod().getAlgorithm(), "");
        } catch (Exception e) {
            return new Verdict(false, references, "", String.valueOf(e.getMessage()));
        }
    }

    private static URIDereferencer attached(List<Mime.Part> attachments) {
        URIDereferencer others = FACTORY.getURIDereferencer();
        return (reference, context) -> {
            for (Mime.Part part : attachments)
                if (reference.getURI().equals("cid:" + part.id()))
                    return new OctetStreamData(new ByteArrayInputStream(part.body()));
            return others.dereference(reference, context);
        };
    }

    private static Element header(Document document) {
        return child(document.getDocumentElement(), SOAP, "Header");
    }

    private static Element child(Element parent, String namespace, String name) {
        for (var n = parent.getFirstChild(); n != null; n = n.getNextSibling())
            if (n instanceof Element e && namespace.equals(e.getNamespaceURI()) && name.equals(e.getLocalName()))
                return e;
        return null;
    }
}
