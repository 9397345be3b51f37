package dev.weft.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The capabilities(7) of this process. */
public final class Capabilities {
  private static final String EFFECTIVE = "CapEff:";

  private Capabilities() {}

  /** The effective ones among those that {@link Capability} names. */
  public static Set<Capability> effective() throws IOException {
    return parse(Files.readAllLines(Path.of("/proc/thread-self/status")));
  }

  static Set<Capability> parse(List<String> status) throws IOException {
    for (String line : status) {
      if (line.startsWith(EFFECTIVE)) {
        long mask = Long.parseUnsignedLong(line.substring(EFFECTIVE.length()).strip(), 16);
        return Arrays.stream(Capability.values())
            .filter(capability -> capability.isIn(mask))
            .collect(Collectors.toUnmodifiableSet());
      }
    }
    throw new IOException("process status: no CapEff line (expected: as in proc(5))");
  }
}
