package dev.weft.mesh.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.address.StreamAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connections of real sockets, through a forward and an export. */
@Timeout(60)
class SocketPumpTest extends GateContract {
  private static final Duration SOON = Duration.ofMillis(PATIENCE_MILLIS);

  @TempDir Path directory;

  private void awaitNothingOpen() {
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(export("web").now().connections()).isZero();
              assertThat(forward().now().connections()).isZero();
            });
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void shouldCarryBytesBothWaysAndCountThem() throws Exception {
    StreamAddress at = through(serve(s -> s.getInputStream().transferTo(s.getOutputStream())));
    Socket client = client(at);

    client.getOutputStream().write(ascii("hello"));

    assertThat(client.getInputStream().readNBytes(5)).isEqualTo(ascii("hello"));
    assertThat(export("web")).matches(e -> e.now().connections() == 1 && e.now().made() == 1);
    assertThat(forward())
        .matches(f -> f.now().sent() == 5 && f.now().received() == 5 && f.now().made() == 1);
  }

  @Test
  void shouldCarryTheEndOfOneDirectionWhileTheOtherGoesOn() throws Exception {
    StreamAddress at =
        through(
            serve(
                s -> {
                  byte[] all = s.getInputStream().readAllBytes();
                  s.getOutputStream().write(ascii("got " + all.length));
                }));
    Socket client = client(at);

    client.getOutputStream().write(new byte[1000]);
    client.shutdownOutput();

    assertThat(client.getInputStream().readAllBytes()).isEqualTo(ascii("got 1000"));
    awaitNothingOpen();
  }

  /** More than sockets and pipe hold, so that it has to be waited for room after the end. */
  @Test
  void shouldCarryALongAnswerAfterTheClientsEnd() throws Exception {
    int size = 24 << 20;
    StreamAddress at =
        through(
            serve(
                s -> {
                  int asked = s.getInputStream().readAllBytes().length;
                  s.getOutputStream().write(new byte[size + asked]);
                }));
    Socket client = client(at);
    client.getOutputStream().write('x');
    client.shutdownOutput();

    assertThat(client.getInputStream().transferTo(OutputStream.nullOutputStream()))
        .isEqualTo(size + 1);
    awaitNothingOpen();
  }

  @Test
  void shouldLetTheClientSpeakOnAfterTheServersEnd() throws Exception {
    BlockingQueue<Integer> got = new LinkedBlockingQueue<>();
    StreamAddress at =
        through(
            serve(
                s -> {
                  s.getOutputStream().write(ascii("bye"));
                  s.shutdownOutput();
                  got.add(s.getInputStream().readAllBytes().length);
                }));
    Socket client = client(at);

    assertThat(client.getInputStream().readAllBytes()).isEqualTo(ascii("bye"));
    client.getOutputStream().write(new byte[2000]);
    client.shutdownOutput();

    assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo(2000);
    awaitNothingOpen();
  }

  @Test
  void shouldResetTheServerIfTheClientBreaksOff() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    StreamAddress at =
        through(
            serve(
                s -> {
                  try {
                    s.getOutputStream().write('x');
                    seen.add("end after " + s.getInputStream().readAllBytes().length);
                  } catch (SocketException e) {
                    seen.add("reset");
                  }
                }));
    Socket client = client(at);
    assertThat(client.getInputStream().read()).isEqualTo('x');

    client.setSoLinger(true, 0);
    client.close();

    assertThat(seen.poll(20, TimeUnit.SECONDS)).isEqualTo("reset");
    awaitNothingOpen();
  }

  @Test
  void shouldResetTheClientIfTheServerBreaksOff() throws Exception {
    StreamAddress at =
        through(
            serve(
                s -> {
                  s.getInputStream().read();
                  s.setSoLinger(true, 0);
                }));
    Socket client = client(at);

    client.getOutputStream().write('x');

    assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
    awaitNothingOpen();
  }

  @Test
  void shouldCloseTheClientAtOnceIfTheServerRefusesAndSayWhy() throws Exception {
    StreamAddress nobody = serve(s -> {});
    StreamAddress at = through(StreamAddress.target("unix:" + directory + "/none").orElseThrow());

    assertThatThrownBy(() -> readToEnd(client(at))).isInstanceOf(SocketException.class);

    String why = "unix:" + directory + "/none: no such socket";
    await().atMost(SOON).until(() -> forward().now().failed() == 1);
    assertThat(forward())
        .matches(f -> f.now().state().equals("down") && f.now().reason().equals(why));
    assertThat(export("web")).matches(e -> e.now().failed() == 1 && e.now().reason().equals(why));
    assertThat(nobody).isNotNull();
    awaitNothingOpen();
  }

  @Test
  void shouldSayThatNobodyExportsTheService() throws Exception {
    StreamAddress at = forward("127.0.0.1:0", "any", "nothing");

    assertThatThrownBy(() -> readToEnd(client(at))).isInstanceOf(SocketException.class);

    await().atMost(SOON).until(() -> forward().now().failed() == 1);
    assertThat(forward().now().reason())
        .isEqualTo("service nothing: no node that is reached exports it");
  }

  @Test
  void shouldFindANodeByItsName() throws Exception {
    export("web", serve(s -> s.getOutputStream().write('x')));

    StreamAddress far = forward("127.0.0.1:0", "far", "web");
    StreamAddress nobody = forward("127.0.0.1:0", "none", "web");
    StreamAddress two = forward("127.0.0.1:0", "two", "web");

    assertThat(readToEnd(client(far))).isEqualTo(1);
    assertThatThrownBy(() -> readToEnd(client(nobody))).isInstanceOf(SocketException.class);
    assertThatThrownBy(() -> readToEnd(client(two))).isInstanceOf(SocketException.class);
    await()
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(result(gate.forwards()))
                    .extracting(forward -> forward.now().reason())
                    .containsExactlyInAnyOrder(
                        "",
                        "node none: no member of this name (expected: one, or an id)",
                        "node two: 2 members of this name (expected: one, or an id)"));
  }

  private static long readToEnd(Socket client) throws IOException {
    return client.getInputStream().readAllBytes().length;
  }

  @Test
  void shouldHoldBackAServerWhoseClientDoesNotRead() throws Exception {
    int size = 48 << 20;
    AtomicLong written = new AtomicLong();
    MessageDigest sent = MessageDigest.getInstance("SHA-256");
    StreamAddress at =
        through(
            serve(
                s -> {
                  byte[] part = new byte[1 << 16];
                  Random random = new Random(1);
                  for (int i = 0; i < size; i += part.length) {
                    random.nextBytes(part);
                    sent.update(part);
                    s.getOutputStream().write(part);
                    written.addAndGet(part.length);
                  }
                }));
    Socket client = client(at);

    await().atMost(SOON).until(() -> written.get() > 0);
    await().atMost(SOON).during(Duration.ofMillis(500)).until(written::get, now -> now < size / 2);

    MessageDigest received = MessageDigest.getInstance("SHA-256");
    try (InputStream in = new DigestInputStream(client.getInputStream(), received)) {
      assertThat(in.transferTo(OutputStream.nullOutputStream())).isEqualTo(size);
    }
    assertThat(received.digest()).isEqualTo(sent.digest());
  }

  @Test
  void shouldHoldBackAClientWhoseServerDoesNotRead() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    BlockingQueue<Long> got = new LinkedBlockingQueue<>();
    StreamAddress at =
        through(
            serve(
                s -> {
                  read.await();
                  got.add(s.getInputStream().transferTo(OutputStream.nullOutputStream()));
                }));
    SocketChannel client = SocketChannel.open(client(at).getRemoteSocketAddress());
    client.configureBlocking(false);
    ByteBuffer part = ByteBuffer.allocate(1 << 20);
    AtomicLong written = new AtomicLong();

    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(20))
        .during(Duration.ofMillis(500))
        .until(
            () -> {
              part.clear();
              int taken = client.write(part);
              written.addAndGet(taken);
              return taken == 0;
            });
    read.countDown();
    client.shutdownOutput();

    assertThat(written.get()).isLessThan(32 << 20);
    assertThat(got.poll(20, TimeUnit.SECONDS)).isEqualTo(written.get());
    client.close();
  }

  @Test
  void shouldServeManyClientsAtOnce() throws Exception {
    int many = 200;
    StreamAddress at = through(serve(s -> s.getInputStream().transferTo(s.getOutputStream())));
    List<Socket> clients = new ArrayList<>();
    for (int i = 0; i < many; i++) {
      clients.add(client(at));
      clients.get(i).getOutputStream().write(ascii("client %04d".formatted(i)));
    }

    for (int i = 0; i < many; i++) {
      assertThat(clients.get(i).getInputStream().readNBytes(11))
          .isEqualTo(ascii("client %04d".formatted(i)));
    }
    assertThat(export("web").now().connections()).isEqualTo(many);
    for (Socket client : clients) {
      client.close();
    }
    awaitNothingOpen();
  }

  @Test
  void shouldCarryUnixSocketsToo() throws Exception {
    Path served = directory.resolve("served.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(served));
      export("web", StreamAddress.target("unix:" + served).orElseThrow());
      StreamAddress at = forward("unix:" + directory + "/f.sock", "any", "web");

      SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(at.path()));
      client.write(ByteBuffer.wrap(ascii("hello")));
      client.shutdownOutput();
      try (SocketChannel accepted = server.accept()) {
        ByteBuffer read = ByteBuffer.allocate(100);
        while (accepted.read(read) >= 0) {
          assertThat(read.hasRemaining()).isTrue();
        }
        accepted.write(read.flip());
      }

      ByteBuffer echoed = ByteBuffer.allocate(100);
      while (client.read(echoed) >= 0) {
        assertThat(echoed.hasRemaining()).isTrue();
      }
      assertThat(echoed.flip().remaining()).isEqualTo(5);
      client.close();
    }
  }

  @Test
  void shouldBreakOffTheConnectionsOfAServiceThatIsWithdrawn() throws Exception {
    StreamAddress at = through(serve(s -> s.getInputStream().transferTo(s.getOutputStream())));
    Socket client = client(at);
    client.getOutputStream().write('x');
    assertThat(client.getInputStream().read()).isEqualTo('x');

    result(gate.withdraw("web"));

    assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
    await().atMost(SOON).until(() -> forward().now().connections() == 0);
  }
}
