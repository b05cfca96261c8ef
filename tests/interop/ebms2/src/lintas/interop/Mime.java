package lintas.interop;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What ebMS 2 sends by HTTP: the envelope alone, or multipart/related (RFC 2387) with the envelope as its root. */
final class Mime {
    /** ID without angle brackets; ENCODING "" where the header is left out. */
    record Part(String id, String type, String encoding, byte[] body) {}

    /** A body and its Content-Type; in a file, that header and an empty line stand before it. */
    record Message(String type, byte[] body) {
        byte[] file() {
            return join(text("Content-Type: " + type + "\r\n\r\n"), body);
        }

        static Message of(byte[] file) {
            String all = latin(file);
            int end = all.indexOf("\r\n\r\n");
            return new Message(headers(all.substring(0, end)).get("content-type"), slice(file, end + 4, file.length));
        }
    }

    private static final Pattern PARAMETER = Pattern.compile(";\\s*([\\w-]+)\\s*=\\s*(?:\"([^\"]*)\"|([^;\\s]+))");
    private static final String BOUNDARY = "----=_lintas_interop";

    private Mime() {}

    /** PARTS, the envelope first. */
    static Message write(List<Part> parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Part part : parts) {
            StringBuilder head = new StringBuilder("--" + BOUNDARY + "\r\nContent-Type: " + part.type + "\r\n");
            head.append("Content-ID: <").append(part.id).append(">\r\n");
            if (!part.encoding.isEmpty())
                head.append("Content-Transfer-Encoding: ").append(part.encoding).append("\r\n");
            out.writeBytes(text(head + "\r\n"));
            out.writeBytes(part.encoding.equals("base64") ? Base64.getMimeEncoder().encode(part.body) : part.body);
            out.writeBytes(text("\r\n"));
        }
        out.writeBytes(text("--" + BOUNDARY + "--\r\n"));
        return new Message("multipart/related; type=\"text/xml\"; boundary=\"" + BOUNDARY + "\"; start=\"<" + parts.get(0).id
                + ">\"; start-info=\"text/xml\"", out.toByteArray());
    }

    /** The parts of MESSAGE, the envelope first; alone if it is not multipart. */
    static List<Part> read(Message message) {
        if (!message.type.toLowerCase(Locale.ROOT).startsWith("multipart/"))
            return List.of(new Part("", message.type, "", message.body));
        Map<String, String> parameters = parameters(message.type);
        List<Part> parts = new ArrayList<>();
        String all = latin(message.body), delimiter = "--" + parameters.get("boundary");
        int at = all.startsWith(delimiter) ? 0 : all.indexOf("\r\n" + delimiter) + 2;
        while (!all.startsWith("--", at + delimiter.length())) {
            int head = all.indexOf("\r\n", at) + 2, body = all.indexOf("\r\n\r\n", head - 2) + 4;
            int end = all.indexOf("\r\n" + delimiter, body - 2);
            parts.add(part(headers(all.substring(head, body)), slice(message.body, body, end)));
            at = end + 2;
        }
        String start = parameters.getOrDefault("start", "").replaceAll("[<>]", "");
        for (int i = 1; i < parts.size(); i++)
            if (parts.get(i).id.equals(start))
                parts.add(0, parts.remove(i));
        return parts;
    }

    private static Part part(Map<String, String> headers, byte[] body) {
        String encoding = headers.getOrDefault("content-transfer-encoding", "").toLowerCase(Locale.ROOT);
        return new Part(headers.getOrDefault("content-id", "").replaceAll("[<>]", ""), headers.getOrDefault("content-type", ""),
                encoding, encoding.equals("base64") ? Base64.getMimeDecoder().decode(body) : body);
    }

    private static Map<String, String> headers(String lines) {
        Map<String, String> headers = new HashMap<>();
        for (String line : lines.replaceAll("\r\n[ \t]+", " ").split("\r\n")) {
            int colon = line.indexOf(':');
            if (colon > 0)
                headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
        }
        return headers;
    }

    private static Map<String, String> parameters(String type) {
        Map<String, String> found = new HashMap<>();
        for (Matcher m = PARAMETER.matcher(type); m.find();)
            found.put(m.group(1).toLowerCase(Locale.ROOT), m.group(2) != null ? m.group(2) : m.group(3));
        return found;
    }

    private static byte[] slice(byte[] octets, int from, int to) {
        return java.util.Arrays.copyOfRange(octets, from, to);
    }

    private static byte[] join(byte[] one, byte[] two) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(one);
        out.writeBytes(two);
        return out.toByteArray();
    }

    private static byte[] text(String s) {
        return s.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String latin(byte[] octets) {
        return new String(octets, StandardCharsets.ISO_8859_1); // a character an octet
    }
}
