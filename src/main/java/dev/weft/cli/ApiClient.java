package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Fault;
import dev.weft.bus.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

public final class ApiClient {
  private final String path;

  private ApiClient(String path) {
    this.path = path;
  }

  public static ApiClient of(String url, java.nio.file.Path token) {
    return new ApiClient(url.substring(5));
  }

  public JsonNode get(String uri) throws IOException {
    return send("GET", uri, null, null);
  }

  public boolean ready() throws IOException {
    try {
      get("/readyz");
      return true;
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  public JsonNode send(String method, String uri, String type, String body) throws IOException {
    try (SocketChannel c = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      byte[] b = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
      String head =
          method + " " + uri + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
              + (type == null ? "" : "Content-Type: " + type + "\r\nContent-Length: " + b.length + "\r\n")
              + "\r\n";
      c.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.UTF_8)));
      ByteBuffer bb = ByteBuffer.wrap(b);
      while (bb.hasRemaining()) {
        c.write(bb);
      }
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      ByteBuffer in = ByteBuffer.allocate(65536);
      while (c.read(in.clear()) >= 0) {
        all.write(in.array(), 0, in.position());
      }
      String text = all.toString(StandardCharsets.UTF_8);
      int status = Integer.parseInt(text.split(" ")[1]);
      String payload = text.substring(text.indexOf("\r\n\r\n") + 4);
      if (status >= 300) {
        throw Fault.INVALID.because(method + " " + uri + ": " + payload);
      }
      return payload.startsWith("{") ? Json.mapper().readTree(payload) : null;
    }
  }
}
