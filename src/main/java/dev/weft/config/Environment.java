package dev.weft.config;

import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Puts variables into values: {@code ${NAME}}, or {@code ${NAME:default}} where it may be unset.
 */
final class Environment {
  private static final String FORMS =
      "${NAME} or ${NAME:default}, or single quotes around what is meant literally";
  private static final Pattern REFERENCE =
      Pattern.compile("\\$\\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::([^{}]*))?})?");

  private final Map<String, String> variables;

  Environment(Map<String, String> variables) {
    this.variables = Map.copyOf(variables);
  }

  /** What the text's first unusable reference lacks; empty if all can be resolved. */
  Optional<String> lacks(String text) {
    Matcher m = REFERENCE.matcher(text);
    while (m.find()) {
      String name = m.group(1);
      if (name == null) {
        return Optional.of(FORMS);
      }
      if (value(m) == null) {
        return Optional.of(name + " in the environment, or a default: ${" + name + ":default}");
      }
    }
    return Optional.empty();
  }

  /**
   * A reference that a line has just before one of its columns, which is where YAML takes its brace
   * for a mapping's if it is not quoted.
   *
   * @param column of the brace, from 0
   */
  static Optional<String> before(String line, int column) {
    return REFERENCE
        .matcher(line)
        .results()
        .filter(found -> found.start() == column - 1)
        .map(MatchResult::group)
        .findFirst();
  }

  /** The text with its references replaced; references in the replacements stay as they are. */
  String resolve(String text) {
    return REFERENCE.matcher(text).replaceAll(m -> Matcher.quoteReplacement(value(m)));
  }

  private String value(MatchResult m) {
    String name = m.group(1);
    return name == null ? null : variables.getOrDefault(name, m.group(2));
  }
}
