package dev.weft.config;

/**
 * One thing that is wrong with a configuration.
 *
 * @param path of the key, as in {@code cluster.join[1]}, or of the file when it is no YAML mapping
 * @param value what was found
 * @param expected what would do
 * @param line in the file, from 1; 0 where there is none, as for a file that is missing
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
