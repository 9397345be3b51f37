package dev.weft.cli.demo;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts the process that keeps the dashboard reachable for a demo that outlives its command. */
final class DemoForward {
  private DemoForward() {}

  /** The port that it took. */
  static int start(DemoDirectory directory, Path socket) throws IOException {
    List<String> command = new ArrayList<>(DemoNode.weft());
    command.addAll(List.of("demo", "--forward", socket.toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    Path home = directory.root().resolve("forward");
    Files.createDirectories(home);
    Files.writeString(home.resolve("pid"), process.pid() + "\n");
    try (BufferedReader said = process.inputReader()) {
      String port = said.readLine();
      if (port == null) {
        throw new IOException("the dashboard's forwarder ended at once");
      }
      return Integer.parseInt(port);
    }
  }
}
