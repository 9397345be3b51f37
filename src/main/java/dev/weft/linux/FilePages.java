package dev.weft.linux;

import static dev.weft.linux.LibC.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What this process holds of files that it has mapped, and that it could read again. */
public final class FilePages {
  /** The first line of a mapping in proc(5)'s {@code /proc/PID/smaps}: range, permissions, file. */
  private static final Pattern MAPPING =
      Pattern.compile("(\\p{XDigit}+)-(\\p{XDigit}+) (\\S+) \\S+ \\S+ \\d+ *(.*)");

  private static final Pattern SIZE = Pattern.compile("(Rss|Anonymous): +(\\d+) kB");

  /** The JVM and archives of its classes: no other mapping takes their place as long as it runs. */
  private static final Pattern LASTING = Pattern.compile(".*(/libjvm\\.so|\\.jsa|\\.aot)");

  /** A mapping; sizes in bytes. */
  record Mapping(long address, long length, long resident) {}

  private FilePages() {}

  /**
   * Gives back what is resident of the JVM and of the archives of its classes, most of which only a
   * start needs. It stays in the page cache for as long as the system has no better use for it, and
   * what is used again is mapped again.
   *
   * @return bytes that were resident
   * @throws IOException if /proc does not tell, or the kernel refuses
   */
  public static long giveBack() throws IOException {
    long resident = 0;
    for (Mapping mapping : unchanged(Files.readAllLines(Path.of("/proc/self/smaps")))) {
      check(
          LibC.C.madvise(mapping.address(), mapping.length(), LibC.MADV_DONTNEED), "MADV_DONTNEED");
      resident += mapping.resident();
    }
    return resident;
  }

  /** Those mappings that cannot be written to and have no page that differs from the file's. */
  static List<Mapping> unchanged(List<String> smaps) {
    List<Mapping> unchanged = new ArrayList<>();
    Mapping mapping = null;
    for (String line : smaps) {
      Matcher first = MAPPING.matcher(line);
      Matcher size = SIZE.matcher(line);
      if (first.matches()) {
        mapping = null;
        if (first.group(3).matches("r-.p") && LASTING.matcher(first.group(4)).matches()) {
          long address = Long.parseUnsignedLong(first.group(1), 16);
          long end = Long.parseUnsignedLong(first.group(2), 16);
          mapping = new Mapping(address, end - address, 0);
        }
      } else if (mapping != null && size.matches()) {
        long bytes = Long.parseLong(size.group(2)) << 10;
        if (size.group(1).equals("Rss")) {
          mapping = new Mapping(mapping.address(), mapping.length(), bytes);
        } else if (bytes == 0) {
          unchanged.add(mapping);
        }
      }
    }
    return unchanged;
  }
}
