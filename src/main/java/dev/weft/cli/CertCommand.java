package dev.weft.cli;

import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.CertificateInfo;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Keys and certificates of a mesh. */
@Command(
    name = "cert",
    description = "Make and show the certificates that nodes know each other by.",
    mixinStandardHelpOptions = true)
final class CertCommand {
  private final Clock clock = Clock.systemUTC();

  @Spec private CommandSpec spec;

  @Command(
      name = "ca",
      description = "Make the mesh's CA: ca.pem and ca.key. Keep the key offline.",
      mixinStandardHelpOptions = true)
  int ca(
      @Option(names = "--dir", required = true, paramLabel = "DIR", description = "where to")
          Path dir,
      @Option(
              names = "--name",
              defaultValue = "weft",
              paramLabel = "NAME",
              description = "the CA's name (${DEFAULT-VALUE})")
          String name,
      @Option(
              names = "--days",
              defaultValue = "" + CertificateAuthority.DEFAULT_DAYS,
              paramLabel = "N",
              description = "validity (${DEFAULT-VALUE})")
          int days) {
    show(CertificateAuthority.create(dir, name, days, clock).info());
    return ExitCode.OK;
  }

  @Command(
      name = "node",
      description =
          "Make a node's key and certificate; a key that is there is kept, so is the node id.",
      mixinStandardHelpOptions = true)
  int node(
      @Option(
              names = "--ca",
              required = true,
              paramLabel = "DIR",
              description = "the CA's directory")
          Path ca,
      @Option(names = "--out", required = true, paramLabel = "DIR", description = "where to")
          Path out,
      @Option(
              names = "--name",
              required = true,
              paramLabel = "NAME",
              description = "the node's name")
          String name,
      @Option(
              names = "--address",
              paramLabel = "HOST",
              description = "names and addresses it is dialled by, if any")
          List<String> addresses,
      @Option(
              names = "--days",
              defaultValue = "" + CertificateAuthority.DEFAULT_NODE_DAYS,
              paramLabel = "N",
              description = "validity (${DEFAULT-VALUE})")
          int days) {
    CertificateAuthority.Issued issued =
        CertificateAuthority.load(ca, clock)
            .issueNode(out, name, addresses == null ? List.of() : addresses, days);
    PrintWriter stdout = spec.commandLine().getOut();
    stdout.printf(
        "security: { ca: %s, cert: %s, key: %s }%n", issued.ca(), issued.cert(), issued.key());
    show(issued.info());
    return ExitCode.OK;
  }

  @Command(name = "show", description = "Show a certificate.", mixinStandardHelpOptions = true)
  int show(@Parameters(paramLabel = "FILE", description = "in PEM") Path file) {
    show(CertificateInfo.read(file));
    return ExitCode.OK;
  }

  private void show(CertificateInfo info) {
    spec.commandLine().getOut().print(CertificateText.of(info, clock.instant()));
  }
}
