package dev.weft.config;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A configuration that cannot be used, with all its problems. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<ConfigProblem> problems;
  private final transient Optional<WeftConfig> rest;
  private final transient Predicate<String> sound;

  /**
   * @param sound whether a key's value in the rest is what the file says, not a default in place of
   *     a wrong or mistyped one
   */
  ConfigException(
      String source,
      List<ConfigProblem> problems,
      Optional<WeftConfig> rest,
      Predicate<String> sound) {
    // The file is wrong, not this program: no stack trace.
    super(text(source, problems), null, false, false);
    this.problems = List.copyOf(problems);
    this.rest = rest;
    this.sound = sound;
  }

  /** Whether a key's value in the rest is what the file says. */
  public boolean isSound(String path) {
    return sound.test(path);
  }

  /** The configuration with defaults in place of what is wrong; empty for what is no mapping. */
  public Optional<WeftConfig> rest() {
    return rest;
  }

  /** In the order of the file; at least one. */
  public List<ConfigProblem> problems() {
    return problems;
  }

  private static String text(String source, List<ConfigProblem> problems) {
    return problems.stream()
        .map(p -> p.line() == 0 ? p.toString() : source + ":" + p.line() + ": " + p)
        .collect(Collectors.joining("\n"));
  }
}
