package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows one of the API's lists, part by part; {@code lists.json} describes it. */
@Command(mixinStandardHelpOptions = true)
class ListCommand implements Runnable {
  private final String name;

  @Mixin private NodeOptions node;

  @Option(names = "--cluster", description = "Ask every member, and name those that do not answer.")
  private boolean cluster;

  @Option(names = "--limit", paramLabel = "N", description = "Rows at most (default: all).")
  private Integer limit;

  /**
   * @param name of the list, and of the command unless it has another
   */
  ListCommand(String name) {
    this.name = name;
  }

  final NodeOptions node() {
    return node;
  }

  /** Whether it is about the whole cluster. */
  final boolean cluster() {
    return cluster;
  }

  final String list() {
    return name;
  }

  final String about() {
    return ListDescription.of(name).about();
  }

  /** The list that is shown, which an option may have chosen. */
  String shown() {
    return name;
  }

  @Override
  public void run() {
    if (limit != null && limit < 1) {
      throw node.usage("--limit: " + limit + " (expected: 1 or more)");
    }
    ListDescription list = ListDescription.of(shown());
    ApiClient client = node.client();
    JsonNode answer =
        node.list(client, list.path(), cluster, limit == null ? Integer.MAX_VALUE : limit);
    if (node.json()) {
      node.printJson(answer);
    } else {
      node.print(list.table(answer.path("items"), NodeOptions.names(client)));
    }
  }
}
