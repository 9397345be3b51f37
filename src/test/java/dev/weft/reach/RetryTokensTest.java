package dev.weft.reach;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RetryTokensTest {
  private static final byte[] ID = {1, 2, 3, 4, 5, 6, 7, 8};
  private static final InetSocketAddress FROM = new InetSocketAddress("192.0.2.1", 7000);
  private static final int REFUSED = -1;

  private int begun = RetryTokens.MANY;
  private final RetryTokens tokens = new RetryTokens(new byte[32], () -> begun);

  private ByteBuf token() {
    ByteBuf token = Unpooled.buffer();
    assertThat(tokens.writeToken(token, Unpooled.wrappedBuffer(ID), FROM)).isTrue();
    assertThat(token.readableBytes()).isLessThanOrEqualTo(tokens.maxTokenLength());
    return token;
  }

  @Test
  void shouldAskForNoProofAsLongAsFewHaveBegun() {
    begun = RetryTokens.MANY - 1;

    assertThat(tokens.writeToken(Unpooled.buffer(), Unpooled.wrappedBuffer(ID), FROM)).isFalse();
  }

  @Test
  void shouldTellWhereTheClientsIdIs() {
    ByteBuf token = token();

    int at = tokens.validateToken(token.slice(), FROM);

    byte[] id = new byte[ID.length];
    token.getBytes(at, id);
    assertThat(id).isEqualTo(ID);
    assertThat(token.readableBytes()).isEqualTo(at + ID.length);
  }

  @Test
  void shouldRefuseATokenFromAnotherAddress() {
    assertThat(tokens.validateToken(token(), new InetSocketAddress("192.0.2.2", 7000)))
        .isEqualTo(REFUSED);
    assertThat(tokens.validateToken(token(), new InetSocketAddress("192.0.2.1", 7001)))
        .isEqualTo(REFUSED);
  }

  @Test
  void shouldRefuseATokenOfAnotherPort() {
    byte[] key = new byte[32];
    key[31] = 1;

    assertThat(new RetryTokens(key, () -> begun).validateToken(token(), FROM)).isEqualTo(REFUSED);
  }

  @Test
  void shouldRefuseEveryChangedToken() {
    int length = token().readableBytes();
    for (int bit = 0; bit < length * 8; bit++) {
      ByteBuf changed = token();
      changed.setByte(bit / 8, changed.getByte(bit / 8) ^ 1 << bit % 8);
      assertThat(tokens.validateToken(changed, FROM)).isEqualTo(REFUSED);
    }
  }

  @Test
  void shouldBearAnything() {
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 10_000; i++) {
      byte[] bytes = new byte[random.nextInt(60)];
      random.nextBytes(bytes);
      assertThat(tokens.validateToken(Unpooled.wrappedBuffer(bytes), FROM)).isEqualTo(REFUSED);
    }
  }

  @Test
  void shouldRefuseEverybodyWhenTooManyHaveBegun() {
    ByteBuf token = token();
    begun = RetryTokens.MOST;

    assertThat(tokens.validateToken(token, FROM)).isEqualTo(REFUSED);
  }
}
