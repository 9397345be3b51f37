package dev.weft.cli;

import dev.weft.config.ConfigException;
import dev.weft.config.ConfigFile;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Validates a configuration file. */
@Command(
    name = "check",
    description = "Tell every problem of a configuration file, or that it has none.",
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--conf", required = true, paramLabel = "FILE", description = "the configuration")
  private Path conf;

  @Override
  public Integer call() {
    try {
      ConfigFile.load(conf);
    } catch (ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return ExitCode.USAGE;
    }
    spec.commandLine().getOut().println(conf + ": no problems");
    return ExitCode.OK;
  }
}
