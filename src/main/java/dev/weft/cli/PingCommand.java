package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "ping",
    description = "Measure the way to a node through the mesh, hop by hop.",
    mixinStandardHelpOptions = true)
final class PingCommand implements Callable<Integer> {
  private static final int MAX_ROUNDS = 1000;
  private static final int TIMEOUT = 504;

  @Mixin private NodeOptions options;

  @Parameters(paramLabel = "NODE", description = "A member's name, or a node's id, 16 hex digits.")
  private String node;

  @Option(
      names = {"-c", "--count"},
      paramLabel = "COUNT",
      defaultValue = "1",
      description = "How often, once a second (default: ${DEFAULT-VALUE}).")
  private int count;

  @Override
  public Integer call() throws InterruptedException {
    if (count < 1 || count > MAX_ROUNDS) {
      throw options.usage("--count: " + count + " (expected: 1.." + MAX_ROUNDS + ")");
    }
    ApiClient client = options.client();
    Map<String, String> names = NodeOptions.names(client);
    String path = "/api/v1/mesh/ping/" + Ids.node(node, names);
    PingReport report = new PingReport();
    RequestFailed last = null;
    for (int round = 0; round < count; round++) {
      if (round > 0) {
        TimeUnit.SECONDS.sleep(1);
      }
      try {
        JsonNode way = client.post(path);
        report.add(way.path("hops"));
        if (options.asData()) {
          options.printData(way);
        }
      } catch (RequestFailed failed) {
        if (failed.status() != TIMEOUT && report.isEmpty()) {
          throw failed;
        }
        last = failed;
      }
    }
    if (!options.asData() && !report.isEmpty()) {
      options.print(count == 1 ? report.once(names) : report.many(names));
    }
    return last == null ? ExitCode.OK : lost(report, last);
  }

  /** Some of several rounds may be lost: whoever asks for several wants to know how many. */
  private int lost(PingReport report, RequestFailed last) {
    if (report.isEmpty()) {
      throw last;
    }
    int lost = count - report.rounds();
    options
        .err()
        .printf(
            "weft: %d of %d rounds %s not answered: %s%n",
            lost, count, lost == 1 ? "was" : "were", last.getMessage());
    return ExitCode.OK;
  }
}
