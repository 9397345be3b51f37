package dev.weft.cli;

import dev.weft.config.Nearest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine;

/** What is meant by a command that Weft has not, of those who come from other programs. */
final class Habits {
  /** Words before the name of a list. */
  private static final Set<String> LOOKS = Set.of("get", "list", "ls", "show", "describe");

  private Habits() {}

  /** Whether the first argument is a command, or an option. */
  static boolean isCommand(List<String> commands, String... args) {
    return args.length == 0
        || args[0].startsWith("-")
        || args[0].startsWith("@")
        || commands.contains(args[0]);
  }

  /**
   * The commands that may be meant, as they are typed; empty if none comes to mind. {@code get
   * pods} names its list, {@code apply -f FILE} is what topology has, {@code nodse} is mistyped.
   */
  static List<String> meant(CommandLine line, String... args) {
    List<String> named =
        Arrays.stream(LOOKS.contains(args[0]) ? args : new String[0])
            .skip(1)
            .flatMap(word -> Stream.of(word + "s", word))
            .filter(line.getSubcommands()::containsKey)
            .map(name -> "weft " + name)
            .limit(1)
            .toList();
    if (!named.isEmpty()) {
      return named;
    }
    List<String> meant = new ArrayList<>();
    line.getSubcommands()
        .forEach(
            (name, command) -> {
              if (command.getSubcommands().containsKey(args[0])) {
                meant.add("weft " + name + " " + args[0]);
              }
            });
    if (meant.isEmpty()) {
      Nearest.to(args[0], line.getSubcommands().keySet()).ifPresent(n -> meant.add("weft " + n));
    }
    return meant;
  }
}
