package dev.weft.bus;

import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.core.HazelcastInstanceNotActiveException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReasonTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          finishConnect(..) failed with error(-111): Connection refused | connection refused
          sendAddress(..) failed with error(-32)                        | broken pipe
          recvAddress(..) failed: Connection reset by peer              | connection reset by peer
          Stream was closed (GOAWAY error code = 0)                     | the peer closes the connection
          Stream was closed (GOAWAY error code = 11)      | the peer gave up the connection (HTTP/2 error 11)
          Stream reset: 8                                 | the stream was broken off (HTTP/2 error 8)
          Timeout 5000 (ms) fired                                       | no answer within 5 s
          The timeout period of 1500ms has been exceeded while waiting  | no answer within 1500 ms
          SSLEngine closed already                                      | the connection was closed
          bind(..) failed with error(-98): Address already in use       | address already in use
          bind(..) failed with error(-99)                 | cannot assign requested address
          Client is closed                                              | the connection is being closed
          Hazelcast instance is not active!                             | this node is stopping
          java.net.NoRouteToHostException                               | no route to host
          java.io.IOException: Timeout 5000 (ms) fired                  | no answer within 5 s
          mtu: 70000 (expected: 68..65535)                              | mtu: 70000 (expected: 68..65535)
          """)
  void shouldSayInWordsWhatLibrariesSay(String said, String words) {
    assertThat(Reason.of(new IOException(said))).isEqualTo(words);
  }

  @Test
  void shouldNotNameClassesOfFailuresWithoutAMessage() {
    assertThat(Reason.of(new ClosedChannelException())).isEqualTo("the connection was closed");
    assertThat(Reason.of(new TimeoutException())).isEqualTo("no answer in time");
    assertThat(Reason.of(new CompletionException(new ConnectException("refused"))))
        .isEqualTo("refused");
    assertThat(Reason.of(new CompletionException(new NoRouteToHostException())))
        .isEqualTo("no route to host");
  }

  @Test
  void shouldSayOfAPartThatHasStoppedThatThisNodeStops() {
    for (Exception stopped :
        List.of(
            new RejectedExecutionException("event executor terminated"),
            new RejectedExecutionException("Task 0 rejected from [Terminated, pool size = 0]"),
            new RejectedExecutionException("Task 0 rejected from [Shutting down, pool]"),
            new HazelcastInstanceNotActiveException("State: SHUT_DOWN Address: [127.0.0.1]:1"))) {
      assertThat(Reason.of(stopped)).isEqualTo("this node is stopping");
      assertThat(WeftException.of(stopped).fault()).isEqualTo(Fault.UNAVAILABLE);
    }
  }

  @Test
  void shouldNotTakeAFullQueueForAStop() {
    Exception full =
        new RejectedExecutionException("Task 0 rejected from [Running, pool size = 4]");

    assertThat(Reason.of(full)).startsWith("Task 0 rejected");
    assertThat(WeftException.of(full).fault()).isEqualTo(Fault.INTERNAL);
  }

  @Test
  void shouldSayWhatIsWrongWithAHostOrAFileThatIsOnlyNamed() {
    assertThat(Reason.of(new UnknownHostException("nosuch"))).isEqualTo("nosuch: no such host");
    assertThat(Reason.of(new NoSuchFileException("/run/x"))).isEqualTo("/run/x: no such file");
    assertThat(Reason.of(new AccessDeniedException("/run/x"))).isEqualTo("/run/x: access denied");
  }

  @Test
  void shouldNotShowTheNullOfAHandshakeThatWasCutOff() {
    Exception cut =
        new NullPointerException(
            "Cannot invoke \"io.netty.util.concurrent.Promise.tryFailure(java.lang.Throwable)\""
                + " because \"this.val$promise\" is null");

    assertThat(Reason.of(cut)).isEqualTo("the connection was closed");
  }

  @Test
  void shouldLeaveWhatAlreadyIsASentence() {
    assertThat(Reason.of(Fault.UNAVAILABLE.because("node n1: GOAWAY error code = 0")))
        .isEqualTo("node n1: GOAWAY error code = 0");
  }
}
