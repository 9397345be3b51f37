package dev.weft.reach.portmap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.IpAddress;
import dev.weft.reach.ProbeSocket;
import dev.weft.reach.RouterMapping;
import dev.weft.reach.stun.SimulatedNetwork;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class PortMapperTest {
  private static final Inet4Address ROUTER = (Inet4Address) IpAddress.parse("192.168.1.1");
  private static final Inet4Address CLIENT = (Inet4Address) IpAddress.parse("192.168.1.2");
  private static final byte[] OUTSIDE = {(byte) 203, 0, 113, 7};
  private static final InetSocketAddress SERVER = new InetSocketAddress(ROUTER, PortMapper.PORT);

  private final SimulatedNetwork time = new SimulatedNetwork();
  private final List<ByteBuf> sent = new ArrayList<>();
  private final List<RouterMapping> seen = new ArrayList<>();
  private final Router router = new Router();
  private final PortMapper mapper =
      new PortMapper(
          new PortMapper.Wanted(ROUTER, CLIENT, 7654),
          router,
          time,
          new SecureRandom(),
          this::changed);

  private void changed() {
    seen.add(mapper.mapping().orElse(null));
  }

  /** Answers as a test says, 10 ms later. */
  private final class Router implements ProbeSocket {
    private boolean pcp = true;
    private boolean pmp = true;
    private int result;
    private int external = 40_000;
    private int lifetime = 600;
    private long startedAt = time.nanos() - 1_000_000_000_000L;
    private UnaryOperator<ByteBuf> distorted = answer -> answer;

    @Override
    public void send(InetSocketAddress to, byte[] datagram) {
      assertThat(to).isEqualTo(SERVER);
      ByteBuf request = Unpooled.wrappedBuffer(datagram);
      sent.add(request);
      ByteBuf answer = answer(request);
      if (answer != null) {
        var unused = time.after(10_000_000L, () -> mapper.arrived(SERVER, distorted.apply(answer)));
      }
    }

    private int epoch() {
      return (int) ((time.nanos() - startedAt) / 1_000_000_000L);
    }

    private ByteBuf answer(ByteBuf in) {
      int version = in.getByte(0);
      if (version == PcpCodec.VERSION && pcp) {
        ByteBuf out = Unpooled.buffer().writeByte(2).writeByte(0x81).writeByte(0).writeByte(result);
        out.writeInt(result == 0 ? lifetime : 30).writeInt(epoch()).writeZero(12);
        out.writeBytes(in, 24, 12).writeByte(17).writeZero(3);
        out.writeBytes(in, 40, 2).writeShort(external);
        return out.writeZero(10).writeShort(0xFFFF).writeBytes(OUTSIDE);
      }
      if (!pmp) {
        return null;
      }
      if (version != NatPmpCodec.VERSION) {
        return Unpooled.buffer().writeByte(0).writeByte(0x81).writeShort(1).writeInt(epoch());
      }
      ByteBuf out = Unpooled.buffer().writeByte(0).writeByte(in.getByte(1) | 0x80);
      out.writeShort(result).writeInt(epoch());
      return in.getByte(1) == 0
          ? out.writeBytes(OUTSIDE)
          : out.writeBytes(in, 4, 2).writeShort(external).writeInt(lifetime);
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  private RouterMapping mapping() {
    return mapper.mapping().orElseThrow();
  }

  @Test
  void shouldAskByPcpAsTheRfcSays() {
    mapper.start();

    ByteBuf request = sent.get(0);
    assertThat(request.readableBytes()).isEqualTo(60);
    assertThat(request.getByte(0)).isEqualTo((byte) 2);
    assertThat(request.getByte(1)).isEqualTo((byte) 1);
    assertThat(request.getInt(4)).isEqualTo((int) PortMapper.LIFETIME.toSeconds());
    assertThat(request.getUnsignedShort(18)).isEqualTo(0xFFFF);
    assertThat(request.getInt(20)).isEqualTo(0xC0A80102);
    assertThat(request.getByte(36)).isEqualTo((byte) 17);
    assertThat(request.getUnsignedShort(40)).isEqualTo(7654);
    assertThat(request.getUnsignedShort(42)).isEqualTo(7654);
  }

  @Test
  void shouldHaveWhatPcpGrants() {
    mapper.start();
    time.turn(1);

    assertThat(mapping().protocol()).isEqualTo("PCP");
    assertThat(mapping().external()).isEqualTo(new InetSocketAddress("203.0.113.7", 40_000));
    assertThat(mapping().lifetime()).hasSeconds(600);
    assertThat(seen).hasSize(1);
  }

  @Test
  void shouldUseNatPmpWhereThereIsNoPcp() {
    router.pcp = false;
    mapper.start();
    time.turn(1);

    assertThat(mapping().protocol()).isEqualTo("NAT-PMP");
    assertThat(mapping().external()).isEqualTo(new InetSocketAddress("203.0.113.7", 40_000));
  }

  @Test
  void shouldSayThatTheRouterIsSilentAndAskAgainLater() {
    router.pcp = false;
    router.pmp = false;
    mapper.start();
    time.turn(60);

    assertThat(mapper.mapping()).isEmpty();
    assertThat(mapper.reason()).isEqualTo("192.168.1.1 answers neither PCP nor NAT-PMP");
    int asked = sent.size();
    assertThat(asked).isBetween(8, 12);

    router.pcp = true;
    time.turn(PortMapper.RETRY.toSeconds());

    assertThat(mapping().external().getPort()).isEqualTo(40_000);
  }

  @Test
  void shouldSayWhyItIsRefusedAndWaitAsLongAsTheRouterSays() {
    router.result = 8;
    mapper.start();
    time.turn(1);
    assertThat(mapper.reason()).isEqualTo("192.168.1.1 refuses PCP: out of resources");

    router.result = 0;
    time.turn(28);
    assertThat(mapper.mapping()).isEmpty();
    time.turn(2);

    assertThat(mapper.mapping()).isPresent();
  }

  @Test
  void shouldRenewLongBeforeTheEnd() {
    mapper.start();
    time.turn(3600);

    assertThat(mapper.mapping()).isPresent();
    assertThat(sent).hasSizeBetween(55, 65);
    assertThat(seen).hasSize(1);
  }

  @Test
  void shouldLoseTheMappingWhenTheRouterIsSilentForItsLifetime() {
    mapper.start();
    time.turn(1);
    router.pcp = false;
    router.pmp = false;

    time.turn(500);
    assertThat(mapper.mapping()).isPresent();
    time.turn(120);

    assertThat(mapper.mapping()).isEmpty();
    assertThat(mapper.reason()).isNotEmpty();
    assertThat(seen.get(1)).isNull();
  }

  @Test
  void shouldHaveTheNewMappingOfARouterThatWasRestarted() {
    mapper.start();
    time.turn(30);
    router.startedAt = time.nanos();
    router.external = 41_000;
    int before = sent.size();

    time.turn(45);

    assertThat(mapping().external().getPort()).isEqualTo(41_000);
    assertThat(sent.size() - before).as("asked once more, soon").isEqualTo(2);
  }

  @Test
  void shouldReleaseTheMapping() {
    mapper.start();
    time.turn(1);
    sent.clear();

    mapper.close();
    time.turn(300);

    assertThat(sent).hasSize(2).allMatch(request -> request.getInt(4) == 0);
    assertThat(mapper.mapping()).isEmpty();
  }

  @Test
  void shouldReleaseNothingThatItDoesNotHave() {
    router.pcp = false;
    router.pmp = false;
    mapper.start();
    sent.clear();

    mapper.close();

    assertThat(sent).isEmpty();
  }

  @Test
  void shouldIgnoreAnswersOfOthersAndWithAnotherNonce() {
    ByteBuf[] right = new ByteBuf[1];
    router.distorted =
        answer -> {
          right[0] = answer.copy();
          return answer.setByte(24, ~answer.getByte(24));
        };
    mapper.start();
    time.turn(1);
    mapper.arrived(new InetSocketAddress("192.168.1.9", PortMapper.PORT), right[0]);
    mapper.arrived(new InetSocketAddress(ROUTER, 5352), right[0]);

    assertThat(mapper.mapping()).isEmpty();

    mapper.arrived(SERVER, right[0]);
    assertThat(mapper.mapping()).isPresent();
  }

  @Test
  void shouldIgnoreAMappingOfAnotherPort() {
    router.distorted = answer -> answer.setShort(40, 7655);
    mapper.start();
    time.turn(1);

    assertThat(mapper.mapping()).isEmpty();
  }

  @Property(tries = 1000)
  void shouldSurviveGarbage(@ForAll byte[] garbage, @ForAll boolean pcp) {
    ByteBuf datagram = Unpooled.buffer().writeByte(pcp ? 2 : 0).writeByte(0x81).writeByte(0);
    datagram.writeBytes(garbage);
    mapper.start();

    mapper.arrived(SERVER, datagram);
    mapper.arrived(SERVER, Unpooled.wrappedBuffer(garbage));

    assertThat(mapper.reason()).isNotEmpty();
  }
}
