import dev.weft.mesh.Leaf;
import dev.weft.mesh.MeshHop;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A program that is a node of the mesh: it answers what it is sent, and with a further argument
 * first measures the way to a node and sends it a datagram.
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
      System.out.println("leaf " + leaf.id());
      if (args.length > 3) {
        String node = args[3];
        leaf.awaitRoute(node).toCompletionStage().toCompletableFuture().join();
        for (MeshHop hop : leaf.ping(node).toCompletionStage().toCompletableFuture().join()) {
          System.out.println("hop " + hop.hop() + " " + hop.node() + " " + hop.rttMicros() + " us");
        }
        leaf.send(node, args[4].getBytes(StandardCharsets.UTF_8));
      }
      // Until standard input ends.
      System.in.transferTo(java.io.OutputStream.nullOutputStream());
    }
  }
}
