package dev.weft.mesh.link.kind;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * A line of serial text that is for the other node: its kind and its body.
 *
 * <pre>
 *   offset  bytes
 *   0       1      *
 *   1       1      kind: O a whole frame, F a fragment of one, A an acknowledgement of fragments
 *   2       2      (n - 1) in base 95, the more significant digit first; the digit 0 is a space
 *   4       n      base64 (RFC 4648 section 4, padded) of: CRC-32 (IEEE 802.3, that of zlib) of the
 *                  body, 4 bytes little-endian, and the body
 *   4 + n   1, 2   newline, or CR LF
 * </pre>
 *
 * <p>The body of a whole frame is the frame; for the others see {@link Fragment} and {@link
 * FragmentAck}.
 */
final class SerialLine {
  /** The letter behind the asterisk. */
  enum Kind {
    FRAME('O'),
    FRAGMENT('F'),
    ACKNOWLEDGEMENT('A');

    private final byte letter;

    Kind(char letter) {
      this.letter = (byte) letter;
    }

    static Optional<Kind> of(byte letter) {
      for (Kind kind : values()) {
        if (kind.letter == letter) {
          return Optional.of(kind);
        }
      }
      return Optional.empty();
    }
  }

  /** Bytes before the base64. */
  static final int HEAD = 4;

  private static final int CRC = 4;
  private static final int BASE = 95;
  private static final byte ZERO = ' ';

  private final Kind kind;
  private final byte[] body;

  SerialLine(Kind kind, byte[] body) {
    this.kind = kind;
    this.body = body;
  }

  Kind kind() {
    return kind;
  }

  byte[] body() {
    return body;
  }

  /** Of the base64, in bytes. */
  static int textLength(int bodyLength) {
    return (CRC + bodyLength + 2) / 3 * 4;
  }

  /** The whole line, in bytes. */
  static int lineLength(int bodyLength) {
    return HEAD + textLength(bodyLength) + 1;
  }

  /** The line with its newline. */
  byte[] bytes() {
    ByteBuffer content = ByteBuffer.allocate(CRC + body.length).order(ByteOrder.LITTLE_ENDIAN);
    content.putInt(crc(body, 0)).put(body);
    byte[] text = Base64.getEncoder().encode(content.array());
    int digits = text.length - 1;
    return ByteBuffer.allocate(HEAD + text.length + 1)
        .put((byte) '*')
        .put(kind.letter)
        .put((byte) (ZERO + digits / BASE))
        .put((byte) (ZERO + digits % BASE))
        .put(text)
        .put((byte) '\n')
        .array();
  }

  private static int crc(byte[] bytes, int from) {
    CRC32 crc = new CRC32();
    crc.update(bytes, from, bytes.length - from);
    return (int) crc.getValue();
  }

  /**
   * The length of the base64 that two digits say.
   *
   * @return 0 if they are no digits, or no base64 has that length
   */
  static int textLength(byte high, byte low) {
    int digits = (high - ZERO) * BASE + low - ZERO;
    boolean areDigits = high >= ZERO && high < ZERO + BASE && low >= ZERO && low < ZERO + BASE;
    return areDigits && digits % 4 == 3 ? digits + 1 : 0;
  }

  /** The body of a base64 text whose checksum is right. */
  static Optional<byte[]> body(byte[] line, int from, int length) {
    byte[] content;
    try {
      content =
          Base64.getDecoder().decode(new String(line, from, length, StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
    if (content.length <= CRC) {
      return Optional.empty();
    }
    int told = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt();
    return told == crc(content, CRC)
        ? Optional.of(Arrays.copyOfRange(content, CRC, content.length))
        : Optional.empty();
  }

  /** Whether a byte can stand in base64. */
  static boolean isBase64(byte b) {
    return (b >= 'A' && b <= 'Z')
        || (b >= 'a' && b <= 'z')
        || (b >= '0' && b <= '9')
        || b == '+'
        || b == '/'
        || b == '=';
  }
}
