package dev.weft.testkit;

import dev.weft.linux.Capabilities;
import dev.weft.linux.Capability;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Something that a host may lack. */
public enum Need {
  /** CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN: namespaces, links, packet sockets. */
  ROOT {
    @Override
    boolean isMet() throws IOException {
      return Capabilities.effective()
          .containsAll(
              Set.of(Capability.CAP_NET_ADMIN, Capability.CAP_NET_RAW, Capability.CAP_SYS_ADMIN));
    }
  },
  /** iproute2's {@code ip}, the reference that namespaces and links are compared with. */
  IPROUTE2 {
    @Override
    boolean isMet() {
      return isOnPath("ip");
    }
  },
  NFT {
    @Override
    boolean isMet() {
      return isOnPath("nft");
    }
  },
  /** Debian's iptables, which writes to nf_tables. */
  IPTABLES {
    @Override
    boolean isMet() {
      return isOnPath("iptables");
    }
  },
  /** conntrack-tools: forgets the state of address translation. */
  CONNTRACK {
    @Override
    boolean isMet() {
      return isOnPath("conntrack");
    }
  },
  /** Debian's coturn: a STUN server and a client that others wrote. */
  COTURN {
    @Override
    boolean isMet() {
      return isOnPath("turnserver") && isOnPath("turnutils_stunclient");
    }
  },
  /** Debian's miniupnpd with nftables: a router that is asked for ports. */
  MINIUPNPD {
    @Override
    boolean isMet() {
      return isOnPath("miniupnpd");
    }
  },
  /** A WireGuard that is a program, with a TUN device, and wg(8), which configures it. */
  WIREGUARD_GO {
    @Override
    boolean isMet() {
      return isOnPath("wireguard-go") && isOnPath("wg") && Files.exists(Path.of("/dev/net/tun"));
    }
  },
  CHROMIUM {
    @Override
    boolean isMet() {
      return isOnPath("chromium");
    }
  },
  PYTHON3 {
    @Override
    boolean isMet() {
      return Files.isExecutable(Path.of(PYTHON));
    }
  },
  /** Debian's python3-grpcio, which another Python in the path does not have. */
  PYTHON_GRPC {
    @Override
    boolean isMet() throws IOException, InterruptedException {
      return succeeds(PYTHON, "-c", "import grpc");
    }
  },
  /** Debian's golang-go and golang-github-lucas-clemente-quic-go-dev: a QUIC that is not quiche. */
  QUIC_GO {
    @Override
    boolean isMet() {
      return isOnPath("go")
          && Files.isDirectory(Path.of(GO_PATH, "src/github.com/lucas-clemente/quic-go"));
    }
  },
  /** Debian's systemd, which need not run. */
  SYSTEMD_ANALYZE {
    @Override
    boolean isMet() {
      return isOnPath("systemd-analyze");
    }
  },
  /** Debian's faketime: another clock for one process. */
  FAKETIME {
    @Override
    boolean isMet() {
      return isOnPath("faketime");
    }
  },
  /** Debian's frr: routing daemons. */
  FRR {
    @Override
    boolean isMet() {
      return Files.isExecutable(Path.of("/usr/lib/frr/ospfd"));
    }
  },
  CURL {
    @Override
    boolean isMet() {
      return isOnPath("curl");
    }
  },
  /** Node.js and npm's @grpc/grpc-js in target/grpc-js, where .ci/run installs it. */
  GRPC_JS {
    @Override
    boolean isMet() {
      return isOnPath("node") && Files.isDirectory(GRPC_JS_MODULES.resolve("@grpc/grpc-js"));
    }
  },
  /** Debian's golang-go and golang-google-grpc-dev: the gRPC of meshnet's daemon. */
  GRPC_GO {
    @Override
    boolean isMet() {
      return isOnPath("go") && Files.isDirectory(Path.of(GO_PATH, "src/google.golang.org/grpc"));
    }
  },
  /** Node.js and npm's @redocly/openapi-core in target/redocly, where .ci/run installs it. */
  REDOCLY {
    @Override
    boolean isMet() {
      return isOnPath("node") && Files.isDirectory(REDOCLY_MODULES.resolve("@redocly"));
    }
  },
  /** Debian's prometheus, of which only promtool is run. */
  PROMTOOL {
    @Override
    boolean isMet() {
      return isOnPath("promtool");
    }
  },
  /** Node.js and npm's utp-native in target/npm, where .ci/run installs it: libutp. */
  UTP_NATIVE {
    @Override
    boolean isMet() {
      return isOnPath("node") && Files.isDirectory(NODE_MODULES.resolve("utp-native"));
    }
  };

  /** Where .ci/run installs modules for Node.js. */
  public static final Path NODE_MODULES = Path.of("target/npm/node_modules").toAbsolutePath();

  /** Where .ci/run installs gRPC for Node.js, with what that needs. */
  public static final Path GRPC_JS_MODULES =
      Path.of("target/grpc-js/node_modules").toAbsolutePath();

  /** Where .ci/run installs the linter of OpenAPI documents. */
  public static final Path REDOCLY_MODULES =
      Path.of("target/redocly/node_modules").toAbsolutePath();

  /** Where the distribution installs Go's packages. */
  public static final String GO_PATH = "/usr/share/gocode";

  /** The one that the distribution installs modules for. */
  public static final String PYTHON = "/usr/bin/python3";

  private static final int PROBE_SECONDS = 20;

  abstract boolean isMet() throws IOException, InterruptedException;

  private static boolean isOnPath(String program) {
    List<String> directories = List.of(System.getenv("PATH").split(File.pathSeparator, -1));
    return Stream.concat(directories.stream(), Stream.of("/usr/sbin", "/sbin"))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  private static boolean succeeds(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(PROBE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return false;
    }
    return process.exitValue() == 0;
  }
}
