package dev.weft.cli;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLSocketFactory;

/**
 * One HTTP request and its answer over a connection of its own, TCP or Unix.
 *
 * <p>It speaks HTTP/1.0 (RFC 1945) with a Host header: an answer ends with the connection, so there
 * is no framing to decode, and the classes of a larger client, which take time to load, are not
 * needed.
 */
final class Exchange implements Closeable {
  private static final int CONNECT_MILLIS = 5_000;

  private final Closeable connection;
  private final InputStream in;
  private final OutputStream out;
  private final String host;
  private int status;
  private final Map<String, String> headers = new HashMap<>();

  private Exchange(Closeable connection, InputStream in, OutputStream out, String host) {
    this.connection = connection;
    this.in = in;
    this.out = out;
    this.host = host;
  }

  /**
   * @param node {@code unix:/path}, {@code http://host:port} or {@code https://host:port}
   */
  static Exchange open(URI node) throws IOException {
    if (node.getScheme().equals("unix")) {
      SocketChannel channel =
          SocketChannel.open(UnixDomainSocketAddress.of(node.getSchemeSpecificPart()));
      return new Exchange(
          channel,
          Channels.newInputStream(channel),
          Channels.newOutputStream(channel),
          "localhost");
    }
    boolean tls = node.getScheme().equals("https");
    int port = node.getPort() != -1 ? node.getPort() : tls ? 443 : 80;
    String name = node.getHost().replaceAll("[\\[\\]]", "");
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress(name, port), CONNECT_MILLIS);
    if (tls) {
      socket =
          ((SSLSocketFactory) SSLSocketFactory.getDefault()).createSocket(socket, name, port, true);
    }
    return new Exchange(
        socket, socket.getInputStream(), socket.getOutputStream(), node.getHost() + ":" + port);
  }

  /** Sends the request and reads the head of the answer. */
  void send(String method, String path, Map<String, String> extra, byte[] body) throws IOException {
    StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.0\r\n");
    head.append("Host: ").append(host).append("\r\n");
    extra.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    if (body.length > 0) {
      head.append("Content-Length: ").append(body.length).append("\r\n");
    }
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.write(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
    request.write(body);
    out.write(request.toByteArray());
    out.flush();
    String[] line = line().split(" ", 3);
    if (line.length < 2 || !line[0].startsWith("HTTP/1.") || !line[1].matches("\\d{3}")) {
      throw new IOException("the answer is not HTTP");
    }
    status = Integer.parseInt(line[1]);
    for (String header = line(); !header.isEmpty(); header = line()) {
      int colon = header.indexOf(':');
      headers.put(
          header.substring(0, Math.max(colon, 0)).toLowerCase(Locale.ROOT),
          header.substring(colon + 1).strip());
    }
  }

  int status() {
    return status;
  }

  /** The value of a header of the answer, empty if it has none. */
  String header(String lowerCaseName) {
    return headers.getOrDefault(lowerCaseName, "");
  }

  InputStream body() {
    return in;
  }

  /** The whole body; shorter than announced is an error. */
  String text() throws IOException {
    byte[] bytes = in.readAllBytes();
    String length = header("content-length");
    if (!length.isEmpty() && bytes.length < Long.parseLong(length)) {
      throw new EOFException("the answer was cut off after " + bytes.length + " bytes");
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("the connection ended before an answer");
      }
      line.write(b);
    }
    return line.toString(StandardCharsets.UTF_8).strip();
  }
}
