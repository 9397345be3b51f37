package dev.weft.cli;

import dev.weft.bus.Fault;
import dev.weft.config.ConfigException;
import dev.weft.config.ConfigFile;
import dev.weft.config.MeshConfig.LinkAddress;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Joins standard input and output to the mesh's Unix socket, for exec links. */
@Command(
    name = LinkStdioCommand.NAME,
    description = {
      "Link whoever started this to the mesh of the node on this host.",
      "Joins standard input and output to a unix listener of mesh.listen, so that a node elsewhere"
          + " links to this one with: exec:ssh HOST weft link-stdio"
    },
    mixinStandardHelpOptions = true)
final class LinkStdioCommand implements Callable<Integer> {
  static final String NAME = "link-stdio";
  private static final int CHUNK = 32 << 10;
  private static final String DEFAULT_CONF = "/etc/weft/weft.yaml";

  private final InputStream in;
  @Spec private CommandSpec spec;
  @ArgGroup private Where where = new Where();

  private static final class Where {
    @Option(names = "--socket", paramLabel = "PATH", description = "The node's socket.")
    private Path socket;

    @Option(
        names = "--conf",
        paramLabel = "FILE",
        description =
            "The node's configuration, which names the socket (default: " + DEFAULT_CONF + ").")
    private Path conf = Path.of(DEFAULT_CONF);
  }

  LinkStdioCommand(InputStream in) {
    this.in = in;
  }

  @Override
  public Integer call() {
    Path path;
    try {
      path = where.socket == null ? configured() : where.socket;
    } catch (ConfigException e) {
      Main.tell(spec.commandLine().getErr(), e.getMessage());
      return ExitCode.USAGE;
    }
    try (SocketChannel node = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      // Not the command's writer: that is for text.
      join(node, in, new FileOutputStream(FileDescriptor.out));
      return ExitCode.OK;
    } catch (IOException | IllegalArgumentException e) {
      throw new RequestFailed(
          path + ": " + e.getMessage() + " (expected: the socket of a node's mesh.listen)", e);
    }
  }

  private Path configured() {
    return ConfigFile.load(where.conf).mesh().listen().stream()
        .filter(at -> at.scheme().equals("unix"))
        .map(LinkAddress::rest)
        .map(Path::of)
        .findFirst()
        .orElseThrow(
            () -> Fault.invalid(where.conf + ": mesh.listen", "no unix:PATH", "one, or --socket"));
  }

  /** Until the node ends the link, or nobody takes what it says. */
  private static void join(SocketChannel node, InputStream in, OutputStream out) {
    Thread sender = new Thread(() -> send(in, node), "stdin");
    // It may wait for ever for input.
    sender.setDaemon(true);
    sender.start();
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    try {
      while (node.read(chunk) >= 0) {
        out.write(chunk.array(), 0, chunk.position());
        chunk.clear();
      }
    } catch (IOException gone) {
      // One of both ends; then the link is over.
    }
  }

  private static void send(InputStream in, SocketChannel node) {
    byte[] chunk = new byte[CHUNK];
    try {
      for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
        ByteBuffer bytes = ByteBuffer.wrap(chunk, 0, length);
        while (bytes.hasRemaining()) {
          node.write(bytes);
        }
      }
    } catch (IOException gone) {
      // As at the end of input.
    }
    try {
      node.shutdownOutput();
    } catch (IOException closed) {
      // It is over already.
    }
  }
}
