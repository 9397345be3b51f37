package dev.weft.mesh.link.kind;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.weft.config.MeshConfig;
import dev.weft.linux.NullModem;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** On pseudo-terminals. */
class SerialKindIT extends TransportContract {
  private static final int FAST = 4_000_000;

  @TempDir Path directory;
  private final SerialKind kind = new SerialKind(vertx, () -> Loop.of(vertx));
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final List<Transport> dialled = new ArrayList<>();
  private NullModem cable;

  private Transport dial(Path device, int speed) throws Exception {
    Transport transport =
        result(
            kind.dial(
                new MeshConfig.Link(
                    new MeshConfig.LinkAddress("serial", device.toString()),
                    Optional.empty(),
                    Optional.empty(),
                    speed)));
    dialled.add(transport);
    return transport;
  }

  @Override
  Ends link() throws Exception {
    cable = new NullModem(bytes -> bytes);
    return new Ends(dial(cable.one(), FAST), dial(cable.other(), FAST));
  }

  /** A line goes on when nobody uses it. */
  @Override
  boolean tellsTheOther() {
    return false;
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger(SerialKind.class);
  }

  private void listenToTheLog() {
    logger().setLevel(Level.INFO);
    logged.start();
    logger().addAppender(logged);
  }

  private List<String> logged() {
    return List.copyOf(logged.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @AfterEach
  void unplug() throws Exception {
    dialled.forEach(transport -> transport.close("the test is over"));
    logger().detachAppender(logged);
    logger().setLevel(null);
    if (cable != null) {
      cable.close();
    }
  }

  @Test
  void shouldEndWithTheLine() throws Exception {
    ReceivedFrames received = ReceivedFrames.of(link().one());

    cable.close();
    cable = null;

    await().until(() -> !received.reasons().isEmpty());
    assertThat(received.reasons()).containsExactly("the line is gone");
  }

  @Test
  void shouldLogWhatIsNoFrameUnderTheLinksName() throws Exception {
    listenToTheLog();
    ReceivedFrames received = ReceivedFrames.of(link().one());

    cable.toOne("boot\u0007ing\r\nhalf a lin*O 'Q7636GE=\r\n".getBytes(US_ASCII));

    await().until(() -> received.frames().size() == 1);
    assertThat(received.frames().get(0)).isEqualTo("a".getBytes(US_ASCII));
    String name = "serial:" + cable.one() + ": ";
    assertThat(logged()).containsExactly(name + "boot\\x07ing", name + "half a lin");
  }

  /** One in 3000 bytes is changed: every second long frame is hit, and its fragments go again. */
  @Test
  void shouldCarryLongFramesOverABadLine() throws Exception {
    SplittableRandom random = new SplittableRandom(1);
    cable =
        new NullModem(
            bytes -> {
              for (int i = 0; i < bytes.length; i++) {
                bytes[i] = random.nextInt(3000) == 0 ? (byte) random.nextInt(256) : bytes[i];
              }
              return bytes;
            });
    Transport one = dial(cable.one(), FAST);
    ReceivedFrames received = ReceivedFrames.of(dial(cable.other(), FAST));
    ReceivedFrames.of(one);

    send(one, IntStream.range(1300, 1350).mapToObj(TransportContract::frame).toList());

    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> received.frames().size() + one.dropped() >= 50);
    assertThat(received.frames()).hasSizeGreaterThanOrEqualTo(47);
    assertThat(received.frames())
        .allSatisfy(frame -> assertThat(frame).isEqualTo(frame(frame.length)));
  }

  @Test
  void shouldKeepNoMoreWaitingThanTheLineCarriesInASecond() throws Exception {
    cable = new NullModem(bytes -> bytes);
    Transport one = dial(cable.one(), 9600);
    ReceivedFrames.of(one);
    ReceivedFrames other = ReceivedFrames.of(dial(cable.other(), 9600));

    // Of 49 characters each: the longest frame takes more than a second, so 2061 may wait.
    send(one, IntStream.range(0, 100).mapToObj(i -> frame(28)).toList());

    assertThat(result(one.loop().call(() -> io.vertx.core.Future.succeededFuture(one.dropped()))))
        .isBetween(40L, 80L);
    await().until(() -> other.frames().size() + one.dropped() == 100);
  }

  @Test
  @Needs(Need.PYTHON3)
  void shouldExchangeFramesWithPython() throws Exception {
    listenToTheLog();
    cable = new NullModem(bytes -> bytes);
    Transport here = dial(cable.one(), 115_200);
    ReceivedFrames received = ReceivedFrames.of(here);
    Process python =
        new ProcessBuilder(
                Need.PYTHON, "src/test/resources/mesh/serial_echo.py", cable.other().toString())
            .inheritIO()
            .start();
    try {
      String name = "serial:" + cable.one() + ": ";
      await().atMost(Duration.ofSeconds(20)).until(() -> logged().contains(name + "ready"));

      send(here, IntStream.rangeClosed(1, 40).mapToObj(i -> frame(4 * i)).toList());

      await().until(() -> received.frames().size() == 40);
      assertThat(received.frames())
          .allSatisfy(frame -> assertThat(reversed(frame)).isEqualTo(frame(frame.length)));
      assertThat(logged()).hasSize(41).endsWith(name + "156 bytes", name + "160 bytes");
    } finally {
      python.destroyForcibly();
    }
  }

  private static byte[] reversed(byte[] frame) {
    byte[] reversed = frame.clone();
    for (int i = 0; i < frame.length; i++) {
      reversed[i] = frame[frame.length - 1 - i];
    }
    return reversed;
  }

  @Test
  void shouldHaveTheLineForItself() throws Exception {
    cable = new NullModem(bytes -> bytes);
    dial(cable.one(), FAST);

    assertThatThrownBy(() -> dial(cable.one(), FAST))
        .hasMessageContaining("serial:" + cable.one() + ": ")
        .hasMessageContaining("lock it for this program");
  }

  @Test
  void shouldTellWhatIsNoLine() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> dial(file, FAST)).hasMessageContaining("ENOTTY");
    assertThatThrownBy(() -> dial(directory.resolve("none"), FAST))
        .hasMessageContaining("No such file");
    assertThatThrownBy(() -> result(kind.listen("/dev/ttyS0", t -> {})))
        .hasMessageContaining("listen: serial:/dev/ttyS0 (expected: a link that this node dials");
  }
}
