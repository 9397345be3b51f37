package dev.weft.cli;

import picocli.CommandLine;

@CommandLine.Command(name = "weft", subcommands = {RunCommand.class, CheckCommand.class, CertCommand.class, dev.weft.cli.demo.DemoCommand.class})
public final class Main {
  public static int run(String... args) {
    return new CommandLine(new Main()).execute(args);
  }
}
