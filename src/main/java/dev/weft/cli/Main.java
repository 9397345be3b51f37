package dev.weft.cli;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cli.demo.DemoCommand;
import dev.weft.node.Version;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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

  /** In the order of the help. */
  private static final List<String> NAMES =
      List.of(
          "run",
          "check",
          "demo",
          "status",
          "doctor",
          "nodes",
          "pods",
          "wires",
          "services",
          "connections",
          "links",
          "peers",
          "exports",
          "forwards",
          "events",
          "inspect",
          "bugreport",
          "graph",
          "topology",
          "pod",
          "wire",
          "link",
          "subnets",
          "address",
          "routes",
          "ping",
          "netcheck",
          "expose",
          "unexpose",
          "forward",
          "unforward",
          "proxy",
          "service",
          LinkStdioCommand.NAME,
          "cert",
          "completion",
          "help",
          "version");

  /** Those that tell of the others. */
  private static final List<String> OF_ALL = List.of("completion", "help");

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
    for (String name : wanted(args)) {
      add(line, name, command(name, in), isMeant(name, args));
    }
    line.setOut(out)
        .setErr(err)
        .setUsageHelpAutoWidth(terminal)
        .setParameterExceptionHandler((mistake, given) -> misused(mistake))
        .setExecutionExceptionHandler((failure, command, parsed) -> failed(failure, command));
    // Classes: JDK 17 crashes when it makes an archive with method references in their place.
    line.registerConverter(boolean.class, new Converters.Flag())
        .registerConverter(int.class, new Converters.WholeInt())
        .registerConverter(Integer.class, new Converters.WholeInt())
        .registerConverter(long.class, new Converters.WholeLong())
        .registerConverter(Long.class, new Converters.WholeLong());
    int exit = Habits.isCommand(NAMES, args) ? line.execute(args) : noCommand(line, err, args);
    // A writer flushes itself after a line that println ended, and no other.
    out.flush();
    err.flush();
    return exit;
  }

  private static int noCommand(CommandLine line, PrintWriter err, String... args) {
    err.printf("weft: %s: no such command%n", args[0]);
    List<String> meant = Habits.meant(line, args);
    err.println(meant.isEmpty() ? "see: weft --help" : "did you mean: " + String.join(", ", meant));
    return ExitCode.USAGE;
  }

  /** The mistake; the usage only where what to do with a thing was left out. */
  private static int misused(ParameterException mistake) {
    CommandLine command = mistake.getCommandLine();
    PrintWriter err = command.getErr();
    tell(err, mistake.getMessage());
    boolean doesNothing =
        !(command.getCommand() instanceof Runnable || command.getCommand() instanceof Callable);
    if (doesNothing && !(mistake instanceof UnmatchedArgumentException)) {
      command.usage(err);
    } else if (!UnmatchedArgumentException.printSuggestions(mistake, err)) {
      err.printf("see: %s --help%n", command.getCommandSpec().qualifiedName());
    }
    return ExitCode.USAGE;
  }

  private static void add(CommandLine line, String name, Object command, boolean meant) {
    CommandSpec spec =
        meant
            ? CommandSpec.forAnnotatedObject(command)
            : CommandSpec.wrapWithoutInspection(command);
    Command text = command.getClass().getAnnotation(Command.class);
    spec.usageMessage().header(text.header()).description(text.description());
    if (command instanceof ListCommand list) {
      spec.usageMessage().description(list.about());
    }
    CommandLine sub = new CommandLine(spec);
    line.addSubcommand(name, sub);
    if (!meant) {
      return;
    }
    String list = LISTS.get(name);
    if (list != null) {
      CommandLine same = new CommandLine(new ListCommand(list));
      same.getCommandSpec().usageMessage().description(ListDescription.of(list).about());
      sub.addSubcommand("list", same);
    }
  }

  /** The commands to be known: the one that is named first, or all of them. */
  private static List<String> wanted(String... args) {
    return args.length > 0 && NAMES.contains(args[0]) && !OF_ALL.contains(args[0])
        ? List.of(args[0])
        : NAMES;
  }

  /**
   * Whether to read a command's options, which takes longer for all of them than most commands do:
   * the name and description are enough for the program's help. What is no command may be one of
   * any command's own.
   */
  private static boolean isMeant(String command, String... args) {
    return !Habits.isCommand(NAMES, args)
        || Arrays.stream(args)
            .anyMatch(
                arg -> arg.equals(command) || arg.equals("completion") || arg.startsWith("@"));
  }

  private static Object command(String name, InputStream in) {
    return switch (name) {
      case "run" -> new RunCommand();
      case "check" -> new CheckCommand();
      case "demo" -> new DemoCommand();
      case "status" -> new StatusCommand();
      case "doctor" -> new DoctorCommand();
      case "nodes" -> new NodesCommand();
      case "pods", "wires" -> new ListCommand(name);
      case "services" -> new ServicesCommand();
      case "connections" -> new ConnectionsCommand();
      case "links" -> new LinksCommand();
      case "peers" -> new PeersCommand();
      case "exports" -> new ExportsCommand();
      case "forwards" -> new ForwardsCommand();
      case "events" -> new EventsCommand();
      case "inspect" -> new InspectCommand();
      case "bugreport" -> new BugreportCommand();
      case "graph" -> new GraphCommand();
      case "topology" -> new TopologyCommand(in);
      case "pod" -> new PodCommand();
      case "wire" -> new WireCommand();
      case "link" -> new LinkCommand();
      case "subnets" -> new SubnetsCommand();
      case "address" -> new AddressCommand();
      case "routes" -> new RoutesCommand();
      case "ping" -> new PingCommand();
      case "netcheck" -> new NetcheckCommand();
      case "expose" -> new ExposeCommand();
      case "unexpose" -> new UnexposeCommand();
      case "forward" -> new ForwardCommand();
      case "unforward" -> new UnforwardCommand();
      case "proxy" -> new ProxyCommand();
      case "service" -> new ServiceCommand();
      case LinkStdioCommand.NAME -> new LinkStdioCommand(in);
      case "cert" -> new CertCommand();
      case "completion" -> new CompletionCommand();
      case "help" -> new HelpCommand();
      case "version" -> new VersionCommand();
      default -> throw new IllegalArgumentException(name);
    };
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  /** Says who complains before each line. */
  static void tell(PrintWriter err, String complaint) {
    complaint.lines().forEach(line -> err.println("weft: " + line));
  }

  private static int failed(Exception failure, CommandLine command) throws Exception {
    if (failure instanceof RequestFailed) {
      tell(command.getErr(), failure.getMessage());
      return ExitCode.FAILED;
    }
    if (failure instanceof WeftException known && known.fault() != Fault.INTERNAL) {
      tell(command.getErr(), failure.getMessage());
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
