package dev.weft.config;

/**
 * One problem of a configuration.
 *
 * @param path of the key, as in {@code cluster.join[1]}, or of the file when it is no YAML mapping
 * @param value what was found
 * @param expected values that are accepted
 * @param line in the file, from 1; 0 without a line, as for a file that is missing
 */
public record ConfigProblem(String path, String value, String expected, int line) {
  private static final int SHOWN = 100;

  /** {@code http.port: 70000 (expected: 0..65535)}. */
  @Override
  public String toString() {
    String shown = value.length() > SHOWN ? value.substring(0, SHOWN) + "…" : value;
    return path + ": " + (shown.isEmpty() ? "''" : shown) + " (expected: " + expected + ")";
  }
}
