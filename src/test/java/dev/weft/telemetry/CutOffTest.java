package dev.weft.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.core.HazelcastInstanceNotActiveException;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CutOffTest {
  private static Throwable at(Throwable failure, String... classes) {
    StackTraceElement[] frames = new StackTraceElement[classes.length];
    for (int i = 0; i < classes.length; i++) {
      frames[i] = new StackTraceElement(classes[i], "m", null, 1);
    }
    failure.setStackTrace(frames);
    return failure;
  }

  @Test
  void shouldKnowWhatLibrariesSayOfAnEndInTheMiddleOfTheirWork() {
    assertThat(
            CutOff.isCutOff(
                at(
                    new IllegalStateException("Promise already completed"),
                    "io.vertx.core.Promise",
                    "java.lang.Thread")))
        .isTrue();
  }

  @Test
  void shouldLogWhatThisProgramTakesPartIn() {
    assertThat(
            CutOff.isCutOff(
                at(
                    new IllegalStateException("Promise already completed"),
                    "io.vertx.core.Promise",
                    "dev.weft.wire.Wire")))
        .isFalse();
  }

  @Test
  void shouldKnowWhatIsRefusedWhileThisProcessStops() {
    assertThat(
            CutOff.isCutOff(
                at(
                    new RejectedExecutionException("Task 0 rejected from [Shutting down, pool]"),
                    "io.vertx.core.impl.ExecuteBlocking",
                    "dev.weft.bus.Bus")))
        .isTrue();
  }

  @Test
  void shouldKnowWhatIsAskedOfALoopOrAClusterThatHasStopped() {
    for (Throwable stopped :
        List.of(
            new RejectedExecutionException("event executor terminated"),
            new IllegalStateException(
                new HazelcastInstanceNotActiveException("State: SHUT_DOWN")))) {
      assertThat(CutOff.isCutOff(at(stopped, "io.netty.util.concurrent.X", "dev.weft.rpc.Loop")))
          .isTrue();
    }
  }

  @Test
  void shouldLogWhatIsRefusedForWantOfRoom() {
    assertThat(
            CutOff.isCutOff(
                at(
                    new RejectedExecutionException("Task 0 rejected from [Running, pool size = 4]"),
                    "io.vertx.core.impl.ExecuteBlocking",
                    "dev.weft.bus.Bus")))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SSLEngine closed already",
        "Client is closed",
        "Stream was closed (GOAWAY error code = 0)",
        "Stream reset: 8",
        "Cannot invoke \"Promise.tryFailure()\" because \"this.val$promise\" is null"
      })
  void shouldKnowWhatIsLoggedOfAConnectionThatIsKilled(String words) {
    assertThat(CutOff.isCutOff(at(new IllegalStateException(words), "io.vertx.core.X"))).isTrue();
  }

  @Test
  void shouldKnowWhatTheBusDropsOfAListenerThatIsGone() {
    assertThat(
            CutOff.isForNobody(
                "Discarding message since the consumer is not registered. address: weft.x"))
        .isTrue();
    assertThat(
            CutOff.isForNobody(
                "Discarding message as more than 1000 buffered in paused consumer. address: x"))
        .isFalse();
  }

  /** What logs {@code <missing-log-message>} for one: it is silenced by name. */
  @Test
  void shouldSilenceOnlyLoggersThatExist() {
    assertThat(LogSetup.CUT_OFF)
        .contains("io.vertx.core.net.impl.ConnectionBase")
        .allSatisfy(name -> assertThat(Class.forName(name)).isNotNull());
  }

  @Test
  void shouldKnowWhatMembersAskThatHaveLeftMeanwhile() {
    for (String words :
        List.of(
            "Not Member! this: [10.98.0.3]:5701, caller: [10.98.0.2]:5701",
            "NormalResponse already responseReceived for callback: Invocation{op=GetOperation}")) {
      assertThat(
              CutOff.isCutOff(
                  at(new IllegalStateException(words), "com.hazelcast.spi.impl.OperationRunner")))
          .isTrue();
    }
  }

  @Test
  void shouldLogOtherFailuresOfLibraries() {
    assertThat(CutOff.isCutOff(at(new IllegalStateException("disk full"), "io.vertx.core.Promise")))
        .isFalse();
  }
}
