package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The contract, read by a linter that others wrote. */
@Needs(Need.REDOCLY)
@Timeout(60)
final class ContractLintIT {
  private static final Path CONTRACT = Path.of("src/main/resources/openapi.yaml");

  @TempDir Path directory;

  @Test
  void shouldFindNothingInTheContract() throws Exception {
    assertThat(lint(CONTRACT)).isEmpty();
  }

  @Test
  void shouldFindAnUnquotedCommaInADescription() throws Exception {
    String contract = Files.readString(CONTRACT);
    String wrong = contract.replace("\"lost on the node that tells it, by any cause\"", "lost, by");

    assertThat(lint(Files.writeString(directory.resolve("wrong.yaml"), wrong)))
        .contains("Property `by` is not expected here");
  }

  private static String lint(Path file) throws IOException {
    Process linter =
        new ProcessBuilder(
                "node",
                "src/test/resources/openapi-lint.cjs",
                Need.REDOCLY_MODULES.toString(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    return new String(linter.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
