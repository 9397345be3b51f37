package dev.weft.cli;

import dev.weft.config.ConfigException;
import dev.weft.config.ConfigFile;
import dev.weft.node.Preflight;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Validates a configuration file, and whether this host has what it names. */
@Command(
    name = "check",
    description = "Tell every problem of a configuration file on this host, or that it has none.",
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--conf", required = true, paramLabel = "FILE", description = "the configuration")
  private Path conf;

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    List<String> problems;
    try {
      problems = Preflight.problems(ConfigFile.load(conf), Clock.systemUTC());
    } catch (ConfigException e) {
      problems = Preflight.problems(e, Clock.systemUTC());
    }
    if (!problems.isEmpty()) {
      problems.forEach(problem -> Main.tell(err, problem));
      return ExitCode.USAGE;
    }
    spec.commandLine().getOut().println(conf + ": no problems");
    return ExitCode.OK;
  }
}
