package dev.weft.mesh.link;

import static dev.weft.mesh.link.SimulatedLink.A;
import static dev.weft.mesh.link.SimulatedLink.B;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What both ends log of a frame when debug tokens are on. */
class DebugTokenTest {
  private static final Impairment FAST = Impairment.delay(MILLISECONDS.toNanos(1));

  private final Logger logger = (Logger) LoggerFactory.getLogger(LinkProtocol.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.INFO);
    logger.setAdditive(false);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(log);
    logger.setLevel(null);
    logger.setAdditive(true);
  }

  private static LinkProtocol.Settings settings(long node, boolean debugTokens) {
    return new LinkProtocol.Settings(
        node, SimulatedLink.fingerprint(node), "", true, debugTokens, OptionalLong.empty());
  }

  private SimulatedLink run(boolean a, boolean b) {
    SimulatedLink link =
        SimulatedLink.between(settings(A, a), LinkProtocol.VERSION, settings(B, b), FAST, FAST);
    link.start().clock.pass(SECONDS.toNanos(1));
    log.list.clear();
    link.a.send(A, B, Unpooled.buffer(100).writeByte(32));
    link.clock.pass(MILLISECONDS.toNanos(1));
    return link;
  }

  private List<String> messages() {
    return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void shouldLogTheSameTokenAtBothEnds() {
    SimulatedLink link = run(true, true);

    List<String> of = messages();
    String token = of.get(0).substring("Frame ".length(), "Frame ".length() + 16);
    int size = link.a.sent.get(link.a.sent.size() - 1).bytes().length;
    assertThat(token).matches("[0-9a-f]{16}");
    assertThat(of)
        .containsExactly(
            "Frame %s sent to node %016x, %d bytes".formatted(token, B, size),
            "Frame %s received from node %016x, %d bytes".formatted(token, A, size));
  }

  @Test
  void shouldLogOnlyWhereTokensAreOn() {
    run(true, false);

    assertThat(messages()).hasSize(1).first().asString().contains(" sent to ");
  }

  @Test
  void shouldWriteNoTokensUnlessTold() {
    SimulatedLink link = run(false, false);

    assertThat(messages()).isEmpty();
    assertThat(link.a.sent).noneMatch(f -> (f.control() & 0x80) != 0);
  }
}
