package dev.weft.bus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.CompletionException;
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
  void shouldLeaveWhatAlreadyIsASentence() {
    assertThat(Reason.of(Fault.UNAVAILABLE.because("node n1: GOAWAY error code = 0")))
        .isEqualTo("node n1: GOAWAY error code = 0");
  }
}
