package dev.weft.config;

/** What the node writes to standard error. */
public record LogConfig(Level level, Format format) {

  /** The least that is written. */
  public enum Level {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
  }

  /** One line an event, for people or for programs. */
  public enum Format {
    TEXT,
    JSON
  }

  static LogConfig read(Section s) {
    LogConfig log =
        new LogConfig(
            s.read("level", "info", Kind.choice(Level.class)),
            s.read("format", "text", Kind.choice(Format.class)));
    s.end();
    return log;
  }
}
