package dev.weft.mesh.link.kind;

import dev.weft.testkit.Background;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An HTTP proxy that does CONNECT, or refuses it. */
final class TestProxy implements AutoCloseable {
  private static final Pattern CONNECT = Pattern.compile("CONNECT ([^ ]+):(\\d+) HTTP/1\\.1");

  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final String answer;
  private final List<String> requests = new CopyOnWriteArrayList<>();

  /**
   * @param answer its status line; one with 200 makes it connect
   */
  TestProxy(String answer) throws IOException {
    this.answer = answer;
    Background.run(
        () -> {
          while (true) {
            Socket client = server.accept();
            Background.run(() -> serve(client));
          }
        });
  }

  int port() {
    return server.getLocalPort();
  }

  /** The first line of each request. */
  List<String> requests() {
    return requests;
  }

  private void serve(Socket client) throws IOException {
    InputStream in = client.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        return;
      }
      head.append((char) next);
    }
    requests.add(head.substring(0, head.indexOf("\r\n")));
    OutputStream out = client.getOutputStream();
    Matcher connect = CONNECT.matcher(requests.get(requests.size() - 1));
    if (!connect.matches() || !answer.contains(" 200")) {
      out.write((answer + "\r\nContent-Length: 0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      client.close();
      return;
    }
    Socket far = new Socket(connect.group(1), Integer.parseInt(connect.group(2)));
    out.write((answer + "\r\nVia: test\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    Background.run(() -> copy(far, client));
    copy(client, far);
  }

  private static void copy(Socket from, Socket to) throws IOException {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
