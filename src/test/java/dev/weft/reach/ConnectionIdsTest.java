package dev.weft.reach;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionIdsTest {
  private static final int QUIC_1 = 1;

  private final ConnectionIds ids = new ConnectionIds();

  private static ByteBuf shortHeader(byte[] id) {
    return Unpooled.buffer().writeByte(0x41).writeBytes(id).writeZero(30);
  }

  private static ByteBuf longHeader(int first, int version, byte[] id, int length) {
    ByteBuf packet =
        Unpooled.buffer().writeByte(first).writeInt(version).writeByte(id.length).writeBytes(id);
    return packet.writeZero(length - packet.readableBytes());
  }

  private byte[] accepted(int loop) {
    byte[] id = new byte[ConnectionIds.LENGTH];
    ids.accepted(loop).newId(ConnectionIds.LENGTH).get(id);
    return id;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 127})
  void shouldFindTheLoopInBothKindsOfHeaders(int loop) {
    int inShort = ids.owner(shortHeader(accepted(loop)));
    int inLong = ids.owner(longHeader(0xe1, QUIC_1, accepted(loop), 300));

    assertThat(inShort).isEqualTo(inLong);
    assertThat(ConnectionIds.loop(inShort)).isEqualTo(loop);
    assertThat(ConnectionIds.isDialled(inShort)).isFalse();
  }

  @Test
  void shouldTellWhoDialled() {
    int owner = ids.owner(shortHeader(ids.dialled(5)));

    assertThat(ConnectionIds.isDialled(owner)).isTrue();
    assertThat(ConnectionIds.loop(owner)).isEqualTo(5);
  }

  @Test
  void shouldKnowAFirstPacketByItsTypeAndLength() {
    byte[] chosen = {1, 2, 3, 4, 5, 6, 7, 8};

    assertThat(ids.owner(longHeader(0xc3, QUIC_1, chosen, 1200))).isEqualTo(ConnectionIds.NEW);
    assertThat(ids.owner(longHeader(0xc3, QUIC_1, chosen, 1199))).isEqualTo(ConnectionIds.UNKNOWN);
    assertThat(ids.owner(longHeader(0xe3, QUIC_1, chosen, 1200))).isEqualTo(ConnectionIds.UNKNOWN);
    assertThat(ids.owner(longHeader(0xc3, 0, chosen, 1200))).isEqualTo(ConnectionIds.UNKNOWN);
  }

  @Test
  void shouldNotKnowTheIdsOfOthers() {
    byte[] foreign = new byte[ConnectionIds.LENGTH];
    new ConnectionIds().accepted(0).newId(ConnectionIds.LENGTH).get(foreign);

    assertThat(ids.owner(shortHeader(foreign))).isEqualTo(ConnectionIds.UNKNOWN);
  }

  @Test
  void shouldBearAnything() {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 100_000; i++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      assertThat(ids.owner(Unpooled.wrappedBuffer(bytes))).isEqualTo(ConnectionIds.UNKNOWN);
    }
  }
}
