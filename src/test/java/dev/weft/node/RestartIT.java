package dev.weft.node;

import static dev.weft.testkit.TestCluster.addressOf;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.weft.testkit.TestCluster;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that stops in a JVM that goes on. */
class RestartIT {
  @TempDir Path directory;

  @Test
  void shouldLeaveItsAddressesFreeWheneverItStops() throws Exception {
    try (TestCluster cluster =
        TestCluster.start(directory, TestCluster.Shape.of(2).withMeshnet())) {
      for (int turn = 0; turn < 4; turn++) {
        int number = 1 + turn % 2;
        cluster.stop(number);

        int port = TestCluster.GRPC_PORT + number;
        for (String host : List.of("127.0.0.1", addressOf(number))) {
          assertThatCode(() -> new ServerSocket(port, 1, InetAddress.getByName(host)).close())
              .as("listening at %s:%s after stop %s", host, port, turn)
              .doesNotThrowAnyException();
        }
        cluster.restart(number);
      }
    }
  }
}
