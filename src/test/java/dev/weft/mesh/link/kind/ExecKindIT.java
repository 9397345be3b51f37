package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.weft.config.MeshConfig;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The contract's links go through {@code weft link-stdio} to a unix listener. */
class ExecKindIT extends TransportContract {
  @TempDir Path directory;
  private final BlockingQueue<Transport> accepted = new LinkedBlockingQueue<>();
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  private Transport dial(String command) throws Exception {
    return result(
        new ExecKind(vertx, () -> Loop.of(vertx))
            .dial(
                new MeshConfig.Link(
                    new MeshConfig.LinkAddress("exec", command),
                    Optional.empty(),
                    Optional.empty(),
                    0)));
  }

  @Override
  Ends link() throws Exception {
    Path socket = directory.resolve("mesh.sock");
    result(new UnixKind(vertx, () -> Loop.of(vertx)).listen(socket.toString(), accepted::add));
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Transport one =
        dial(
            "%s -jar %s link-stdio --socket %s"
                .formatted(java, System.getProperty("weft.jar"), socket));
    return new Ends(one, accepted.poll(30, TimeUnit.SECONDS));
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger(ExecKind.class);
  }

  private void listenToTheLog() {
    logger().setLevel(Level.INFO);
    logged.start();
    logger().addAppender(logged);
  }

  @AfterEach
  void leaveTheLog() {
    logger().detachAppender(logged);
    logger().setLevel(null);
  }

  @Test
  void shouldCarryFramesThroughACommand() throws Exception {
    Transport cat = dial("cat");
    ReceivedFrames received = ReceivedFrames.of(cat);

    send(cat, List.of(frame(1), frame(1400)));

    await().until(() -> received.frames().size() == 2);
    assertThat(received.frames()).containsExactly(frame(1), frame(1400));
    assertThat(cat.remote()).isEqualTo("cat");
    assertThat(cat.proof()).isEqualTo("none");
    cat.close("enough");
  }

  @Test
  void shouldEndWithTheCommandAndItsLastWords() throws Exception {
    listenToTheLog();
    Transport dying = dial("sh -c 'printf \"one\\n\\033[1mtwo\\n\" >&2; exit 3'");

    ReceivedFrames received = ReceivedFrames.of(dying);

    await().until(() -> !received.reasons().isEmpty());
    assertThat(received.reasons()).containsExactly("exit status 3: \\x1b[1mtwo");
    assertThat(logged.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "exec:" + dying.remote() + ": one", "exec:" + dying.remote() + ": \\x1b[1mtwo");
  }

  @Test
  void shouldGiveWhatTheCommandSaidBeforeItEnded() throws Exception {
    Transport dying = dial("printf '\\000\\000a\\004\\000hello'");

    ReceivedFrames received = ReceivedFrames.of(dying);

    await().until(() -> !received.reasons().isEmpty());
    assertThat(received.frames())
        .containsExactly(
            "a".getBytes(StandardCharsets.US_ASCII), "hello".getBytes(StandardCharsets.US_ASCII));
    assertThat(received.reasons()).containsExactly("exit status 0");
  }

  @Test
  void shouldRunWhatTheShellCanRun() throws Exception {
    ReceivedFrames received = ReceivedFrames.of(dial("X=1 true && printf '\\000\\000a'; exit 4"));

    await().until(() -> !received.reasons().isEmpty());
    assertThat(received.frames()).containsExactly("a".getBytes(StandardCharsets.US_ASCII));
    assertThat(received.reasons()).containsExactly("exit status 4");
  }

  @Test
  void shouldTellThatThereIsNoSuchCommand() throws Exception {
    ReceivedFrames received = ReceivedFrames.of(dial("no-such-command-at-all"));

    await().until(() -> !received.reasons().isEmpty());
    assertThat(received.reasons().get(0))
        .startsWith("exit status 127: ")
        .contains("no-such-command-at-all");
  }

  @Test
  void shouldEndWhenTheCommandSpeaksNoFrames() throws Exception {
    ReceivedFrames received = ReceivedFrames.of(dial("printf 'Welcome to this host\\n'; cat"));

    await().until(() -> !received.reasons().isEmpty());
    assertThat(received.reasons()).containsExactly("a frame of 25944 bytes (expected: 1..1400)");
  }

  @Test
  void shouldEndWhenTheCommandClosesItsOutput() throws Exception {
    ReceivedFrames received = ReceivedFrames.of(dial("exec >&-; exec sleep 1000"));

    await().until(() -> !received.reasons().isEmpty());
    assertThat(received.reasons()).containsExactly("the command closed its standard output");
  }

  @Test
  void shouldLeaveNothingOfTheCommandBehind() throws Exception {
    Path pids = directory.resolve("pids");
    // Neither the command nor its child ends when it is asked to.
    Path script = directory.resolve("stubborn");
    Files.writeString(
        script,
        "trap '' TERM\nsleep 1000 &\necho $! $$ > "
            + pids
            + "\nwhile :; do wait; sleep 1000; done\n");
    Transport stubborn = dial("sh " + script);
    await().until(() -> Files.exists(pids) && Files.readString(pids).endsWith("\n"));

    stubborn.close("enough");

    for (String pid : Files.readString(pids).strip().split(" ", -1)) {
      await().atMost(Duration.ofSeconds(20)).until(() -> isGone(pid));
    }
  }

  @Test
  void shouldLeaveNothingOfACommandThatEndedBehind() throws Exception {
    Path pid = directory.resolve("pid");
    ReceivedFrames received =
        ReceivedFrames.of(dial("sh -c 'sleep 1000 & echo $! > " + pid + "; exit 1'"));

    await().until(() -> !received.reasons().isEmpty());

    assertThat(received.reasons()).containsExactly("exit status 1");
    String left = Files.readString(pid).strip();
    await().atMost(Duration.ofSeconds(20)).until(() -> isGone(left));
  }

  /** Also a zombie is: it ended, and its parent has not looked. */
  private static boolean isGone(String pid) {
    try {
      return Files.readString(Path.of("/proc", pid, "stat")).contains(") Z ");
    } catch (IOException gone) {
      return true;
    }
  }

  @Test
  void shouldNotListen() {
    assertThatThrownBy(
            () -> result(new ExecKind(vertx, () -> Loop.of(vertx)).listen("cat", accepted::add)))
        .hasMessageContaining("listen: exec:cat (expected: ");
  }
}
