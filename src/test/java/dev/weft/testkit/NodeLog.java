package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** What a node printed, read as an operator would: words, not our code's insides. */
public record NodeLog(List<String> lines) {
  /** Stack traces, and the words of libraries and kernels that nobody put into a sentence. */
  private static final Pattern INSIDES =
      Pattern.compile(
          "^\\s+at [\\w.$/]+\\("
              + "|^\\S*(Exception|Error)\\b|\\b(java|io|com|org|dev)\\.\\w+\\.\\S*(Exception|Error)\\b|NullPointerException|this\\.val\\$|because"
              + " \"|<missing-log-message>|Handle me|SSLEngine closed|Request already"
              + " complete|HazelcastInstanceNotActive|Client is closed|GOAWAY|failed with"
              + " error\\(-|Timeout \\d+ \\(ms\\)|BlockedThreadChecker|has been"
              + " blocked|ConnectionBase|\\bnull\\b|\\bERROR\\b");

  public static NodeLog of(Path file) throws IOException {
    return new NodeLog(Files.readAllLines(file));
  }

  /** Fails with all lines that are none for an operator. */
  public void assertNews() {
    assertThat(lines.stream().filter(line -> INSIDES.matcher(line).find()).limit(40)).isEmpty();
  }
}
