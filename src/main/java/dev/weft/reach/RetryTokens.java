package dev.weft.reach;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.quic.QuicTokenHandler;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Asks those who dial to prove their address first (Retry, RFC 9000, 8.1.2), once many have begun
 * and not gone on: whoever forges addresses then leaves nothing behind here. For one loop.
 *
 * <pre>
 *   time 8, ms | HMAC-SHA-256 of time, id, port and address, cut to 16 | the id that the client chose
 * </pre>
 */
final class RetryTokens implements QuicTokenHandler {
  /** Connections that may be begun from addresses that are not proved. */
  static final int MANY = 32;

  /** Connections that may be begun at all. */
  static final int MOST = 256;

  private static final int KEY = 32;
  private static final int TIME = Long.BYTES;
  private static final int CODE = 16;
  private static final int MAX_ID = 20;
  private static final long VALID = TimeUnit.SECONDS.toMillis(10);

  private final byte[] key;
  private final IntSupplier begun;
  private final Mac mac;

  /**
   * @param key secret, 32 bytes, one for the port
   * @param begun connections that others have begun and not finished
   */
  RetryTokens(byte[] key, IntSupplier begun) {
    if (key.length != KEY) {
      throw new IllegalArgumentException("key: " + key.length + " bytes (expected: " + KEY + ")");
    }
    this.key = key.clone();
    this.begun = begun;
    this.mac = mac();
  }

  static byte[] newKey() {
    byte[] key = new byte[KEY];
    new SecureRandom().nextBytes(key);
    return key;
  }

  private Mac mac() {
    try {
      Mac made = Mac.getInstance("HmacSHA256");
      made.init(new SecretKeySpec(key, made.getAlgorithm()));
      return made;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java runtime has HmacSHA256", e);
    }
  }

  @Override
  public boolean writeToken(ByteBuf out, ByteBuf chosen, InetSocketAddress from) {
    if (begun.getAsInt() < MANY) {
      return false;
    }
    long now = System.currentTimeMillis();
    byte[] id = bytes(chosen);
    out.writeLong(now).writeBytes(code(now, id, from)).writeBytes(id);
    return true;
  }

  @Override
  public int validateToken(ByteBuf token, InetSocketAddress from) {
    int length = token.readableBytes();
    if (length < TIME + CODE || length > maxTokenLength() || begun.getAsInt() >= MOST) {
      return -1;
    }
    long time = token.readLong();
    byte[] shown = new byte[CODE];
    token.readBytes(shown);
    byte[] id = bytes(token);
    long age = System.currentTimeMillis() - time;
    boolean valid = age >= 0 && age <= VALID && MessageDigest.isEqual(shown, code(time, id, from));
    return valid ? TIME + CODE : -1;
  }

  private static byte[] bytes(ByteBuf buffer) {
    byte[] bytes = new byte[buffer.readableBytes()];
    buffer.getBytes(buffer.readerIndex(), bytes);
    return bytes;
  }

  private byte[] code(long time, byte[] id, InetSocketAddress from) {
    mac.update(ByteBuffer.allocate(TIME).putLong(time).flip());
    // Its length before it, so that no byte can move over to what follows.
    mac.update((byte) id.length);
    mac.update(id);
    mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(from.getPort()).flip());
    return Arrays.copyOf(mac.doFinal(from.getAddress().getAddress()), CODE);
  }

  @Override
  public int maxTokenLength() {
    return TIME + CODE + MAX_ID;
  }
}
