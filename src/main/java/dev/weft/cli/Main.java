package dev.weft.cli;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cli.demo.DemoCommand;
import dev.weft.node.Version;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code weft}: its commands, and how their failures become exit codes. */
@Command(
    name = "weft",
    description = "Connects workloads that share no network.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.VersionOfJar.class,
    sortOptions = false,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:the request failed",
      "2:wrong usage or configuration",
      "3:the node died"
    })
public final class Main implements Runnable {
  /** Commands whose things a list of another name shows, which they have as list too. */
  private static final Map<String, String> LISTS =
      Map.of("pod", "pods", "wire", "wires", "service", "services");

  @Spec private CommandSpec spec;

  private Main() {}

  /** Runs one command line on the process's streams. */
  public static int run(String... args) {
    return run(
        System.in,
        new PrintWriter(System.out, true, StandardCharsets.UTF_8),
        new PrintWriter(System.err, true, StandardCharsets.UTF_8),
        true,
        args);
  }

  static int run(InputStream in, PrintWriter out, PrintWriter err, String... args) {
    return run(in, out, err, false, args);
  }

  /**
   * @param terminal whether texts are as wide as the process's terminal, if it has one; else 80
   *     columns
   */
  private static int run(
      InputStream in, PrintWriter out, PrintWriter err, boolean terminal, String... args) {
    CommandLine line = new CommandLine(new Main());
    commands(in, args).forEach(command -> add(line, command));
    line.setOut(out)
        .setErr(err)
        .setUsageHelpAutoWidth(terminal)
        .setParameterExceptionHandler((mistake, given) -> misused(mistake))
        .setExecutionExceptionHandler((failure, command, parsed) -> failed(failure, command));
    int exit = line.execute(args);
    // A writer flushes itself after a line that println ended, and no other.
    out.flush();
    err.flush();
    return exit;
  }

  /** The mistake; the usage only where what to do with a thing was left out. */
  private static int misused(ParameterException mistake) {
    CommandLine command = mistake.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("weft: " + mistake.getMessage());
    boolean unmatched = mistake instanceof UnmatchedArgumentException;
    if (!unmatched && !command.getSubcommands().isEmpty()) {
      command.usage(err);
    } else if (!UnmatchedArgumentException.printSuggestions(mistake, err)) {
      err.printf("see: %s --help%n", command.getCommandSpec().qualifiedName());
    }
    return ExitCode.USAGE;
  }

  private static void add(CommandLine line, Object command) {
    CommandLine sub = new CommandLine(command);
    if (command instanceof ListCommand list) {
      sub.getCommandSpec().usageMessage().description(list.about());
    }
    if (command.getClass() == ListCommand.class) {
      line.addSubcommand(((ListCommand) command).list(), sub);
    } else {
      line.addSubcommand(sub);
    }
    String list = LISTS.get(sub.getCommandName());
    if (list != null) {
      CommandLine same = new CommandLine(new ListCommand(list));
      same.getCommandSpec().usageMessage().description(ListDescription.of(list).about());
      sub.addSubcommand("list", same);
    }
  }

  /**
   * Every command of the program, in the order of the help; link-stdio alone where it is meant,
   * since a link waits for it and the others take most of the time to start.
   */
  private static List<Object> commands(InputStream in, String... args) {
    if (args.length > 0 && args[0].equals(LinkStdioCommand.NAME)) {
      return List.of(new LinkStdioCommand(in));
    }
    return List.of(
        new RunCommand(),
        new CheckCommand(),
        new DemoCommand(),
        new StatusCommand(),
        new DoctorCommand(),
        new NodesCommand(),
        new ListCommand("pods"),
        new ListCommand("wires"),
        new ServicesCommand(),
        new ConnectionsCommand(),
        new LinksCommand(),
        new PeersCommand(),
        new ExportsCommand(),
        new ForwardsCommand(),
        new EventsCommand(),
        new InspectCommand(),
        new BugreportCommand(),
        new GraphCommand(),
        new TopologyCommand(in),
        new PodCommand(),
        new WireCommand(),
        new LinkCommand(),
        new SubnetsCommand(),
        new AddressCommand(),
        new RoutesCommand(),
        new PingCommand(),
        new NetcheckCommand(),
        new ExposeCommand(),
        new UnexposeCommand(),
        new ForwardCommand(),
        new UnforwardCommand(),
        new ProxyCommand(),
        new ServiceCommand(),
        new LinkStdioCommand(in),
        new CertCommand(),
        new CompletionCommand(),
        new HelpCommand(),
        new VersionCommand());
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  private static int failed(Exception failure, CommandLine command) throws Exception {
    if (failure instanceof RequestFailed) {
      command.getErr().println("weft: " + failure.getMessage());
      return ExitCode.FAILED;
    }
    if (failure instanceof WeftException known && known.fault() != Fault.INTERNAL) {
      command.getErr().println("weft: " + failure.getMessage());
      return known.fault() == Fault.INVALID ? ExitCode.USAGE : ExitCode.FAILED;
    }
    // A defect: picocli shows it whole and returns 1.
    throw failure;
  }

  /** As {@code --version}, which not everybody tries first. */
  @Command(name = "version", description = "Show the program's version.")
  private static final class VersionCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
      spec.parent().commandLine().printVersionHelp(spec.commandLine().getOut());
    }
  }

  static final class VersionOfJar implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"weft " + Version.current()};
    }
  }
}
