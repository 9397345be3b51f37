import dev.weft.mesh.Leaf;
import dev.weft.mesh.MeshHop;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.stream.ChannelMessage;
import dev.weft.mesh.stream.MeshChannel;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A program that is a node of the mesh: it answers what it is sent, as a datagram or on a channel
 * to its service "example". With further arguments it first measures the way to a node, sends it a
 * datagram, and asks the same on a channel.
 *
 * <pre>
 *   weft cert node --ca ca --out leaf --name leaf
 *   java -cp target/weft.jar docs/examples/LeafExample.java /run/weft/mesh.sock leaf leaf [NODE TEXT]
 * </pre>
 */
public final class LeafExample {
  public static void main(String[] args) throws Exception {
    Path socket = Path.of(args[0]);
    Path files = Path.of(args[1]);
    String name = args[2];
    try (Leaf leaf =
        Leaf.open(
            socket,
            files.resolve("ca.pem"),
            files.resolve(name + ".pem"),
            files.resolve(name + ".key"))) {
      leaf.onDatagram(
          (from, data) -> {
            String text = new String(data, StandardCharsets.UTF_8);
            System.out.println(from + " says " + text);
            byte[] answer = ("re: " + text).getBytes(StandardCharsets.UTF_8);
            if (!text.startsWith("re: ") && answer.length <= 1349) {
              leaf.send(from, answer);
            }
          });
      leaf.export(
          "example",
          ObjectKind.CHANNEL,
          (from, end) -> {
            MeshChannel channel = (MeshChannel) end;
            channel.handler(message -> channel.write(text("re: " + message.bytes())));
            return Future.succeededFuture();
          });
      System.out.println("leaf " + leaf.id());
      if (args.length > 3) {
        String node = args[3];
        leaf.awaitRoute(node).toCompletionStage().toCompletableFuture().join();
        for (MeshHop hop : leaf.ping(node).toCompletionStage().toCompletableFuture().join()) {
          System.out.println("hop " + hop.hop() + " " + hop.node() + " " + hop.rttMicros() + " us");
        }
        leaf.send(node, args[4].getBytes(StandardCharsets.UTF_8));
        leaf.connect(node, "example", ObjectKind.CHANNEL)
            .onSuccess(
                end -> {
                  MeshChannel channel = (MeshChannel) end;
                  channel.handler(
                      message -> {
                        System.out.println("channel: " + message.bytes());
                        channel.close();
                      });
                  channel.write(text(args[4]));
                })
            .onFailure(e -> System.out.println("no channel: " + e.getMessage()));
      }
      // Until standard input ends.
      System.in.transferTo(java.io.OutputStream.nullOutputStream());
    }
  }

  private static ChannelMessage text(String text) {
    return new ChannelMessage(Buffer.buffer(text), List.of());
  }
}
