package dev.weft.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The mounts that a process sees, in the order of proc(5)'s {@code /proc/PID/mountinfo}. */
record MountTable(List<Entry> entries) {
  /** ID, parent's ID, device, root, mount point, options, optional fields up to a hyphen. */
  private static final Pattern LINE =
      Pattern.compile("(\\d+) \\d+ \\S+ (\\S+) (\\S+) \\S+ ((?:\\S+ )*?)- .*");

  private static final Pattern ESCAPE = Pattern.compile("\\\\([0-7]{3})");

  /**
   * A mount.
   *
   * @param id of this mount in this mount namespace; no other mount of the system has it
   * @param root what of the file system is mounted; {@code net:[NUMBER]} for a network namespace
   * @param shared the peer group that this mount tells of mounts on it
   * @param master the peer group that this mount hears of mounts on it from
   */
  record Entry(int id, String root, Path point, OptionalInt shared, OptionalInt master) {}

  MountTable {
    entries = List.copyOf(entries);
  }

  /**
   * Reads that of a process.
   *
   * @param process a number, or {@code self}
   */
  static MountTable of(String process) throws IOException {
    return parse(Files.readAllLines(Path.of("/proc", process, "mountinfo")));
  }

  static MountTable parse(List<String> lines) {
    List<Entry> entries = new ArrayList<>();
    for (String line : lines) {
      Matcher fields = LINE.matcher(line);
      if (fields.matches()) {
        String point = ESCAPE.matcher(fields.group(3)).replaceAll(MountTable::unescape);
        entries.add(
            new Entry(
                Integer.parseInt(fields.group(1)),
                fields.group(2),
                Path.of(point),
                group(fields.group(4), "shared:"),
                group(fields.group(4), "master:")));
      }
    }
    return new MountTable(entries);
  }

  /** The mount that a path is on. */
  Optional<Entry> at(Path path) {
    Entry best = null;
    for (Entry entry : entries) {
      // Of two on the same point the later one hides the other.
      if (path.startsWith(entry.point())
          && (best == null || entry.point().getNameCount() >= best.point().getNameCount())) {
        best = entry;
      }
    }
    return Optional.ofNullable(best);
  }

  /** Whether both are of one mount namespace. */
  boolean sameNamespace(MountTable other) {
    return entries.stream().anyMatch(e -> other.entries.stream().anyMatch(o -> o.id == e.id));
  }

  private static String unescape(MatchResult escape) {
    return Matcher.quoteReplacement(
        Character.toString((char) Integer.parseInt(escape.group(1), 8)));
  }

  private static OptionalInt group(String fields, String name) {
    for (String field : fields.split(" ", -1)) {
      if (field.startsWith(name)) {
        return OptionalInt.of(Integer.parseInt(field.substring(name.length())));
      }
    }
    return OptionalInt.empty();
  }
}
