/* The octets that the JDK's XML Signature digests and signs, an implementation that shares nothing with ours. It wrote
 * what the test of canonicalisation expects (OpenJDK 17):
 *
 *   for f in prefixed default; do
 *     java Canonical.java document    $f.xml > $f.document      the reference with URI "", after all its transforms
 *     java Canonical.java signed-info $f.xml > $f.signed-info   SignedInfo by its CanonicalizationMethod
 *   done */
import java.io.File;
import java.io.InputStream;
import java.security.KeyPairGenerator;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureException;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;

class Canonical {
	public static void main(String[] args) throws Exception {
		DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
		factory.setNamespaceAware(true);
		Document document = factory.newDocumentBuilder().parse(new File(args[1]));
		DOMValidateContext context = new DOMValidateContext(
			KeyPairGenerator.getInstance("RSA").generateKeyPair().getPublic(),
			document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature").item(0));
		context.setProperty("javax.xml.crypto.dsig.cacheReference", true);
		context.setProperty("org.jcp.xml.dsig.secureValidation", false); /* SHA-1 */
		XMLSignature signature = XMLSignatureFactory.getInstance("DOM").unmarshalXMLSignature(context);
		Reference reference = signature.getSignedInfo().getReferences().get(0);
		try {
			signature.getSignatureValue().validate(context);
		} catch (XMLSignatureException dummy) {
			/* The value is none, but what it would be of is canonical now. */
		}
		reference.validate(context);
		InputStream octets = args[0].equals("document") ? reference.getDigestInputStream()
			: signature.getSignedInfo().getCanonicalizedData();
		octets.transferTo(System.out);
		System.out.flush();
	}
}
