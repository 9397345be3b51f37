package dev.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.node.Version;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "bugreport",
    description = {
      "Write what a node and its cluster tell of themselves into a zip file, for a bug report.",
      "No keys, tokens or packets are in it, but names and addresses are: look before you send it."
    },
    mixinStandardHelpOptions = true)
final class BugreportCommand implements Runnable {
  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      defaultValue = "weft-bugreport.zip",
      description = "A new file (default: ${DEFAULT-VALUE}).")
  private Path file;

  @Mixin private NodeOptions options;

  @Override
  public void run() {
    ApiClient client = options.client();
    // Asked first: without a node there is no report.
    JsonNode self = client.get("/api/v1/node");
    Map<String, Supplier<String>> parts = parts(client, self);
    List<String> missing = new ArrayList<>();
    try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW);
        ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8)) {
      for (Map.Entry<String, Supplier<String>> part : parts.entrySet()) {
        zip.putNextEntry(new ZipEntry("weft/" + part.getKey()));
        zip.write(told(part, missing).getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw options.usage(
          "%s: %s (expected: a file that is not there yet)"
              .formatted(file, e.getClass().getSimpleName()));
    }
    missing.forEach(options.err()::println);
    options.done(
        "%s: %d parts; names and addresses are in it: look before you send it"
            .formatted(file, parts.size()));
  }

  /** A part that cannot be had is in the report with the reason. */
  private static String told(Map.Entry<String, Supplier<String>> part, List<String> missing) {
    try {
      return part.getValue().get();
    } catch (RequestFailed e) {
      missing.add("weft: " + part.getKey() + ": " + e.getMessage());
      return e.getMessage() + "\n";
    }
  }

  private Map<String, Supplier<String>> parts(ApiClient client, JsonNode self) {
    Map<String, Supplier<String>> parts = new LinkedHashMap<>();
    parts.put("about.txt", BugreportCommand::about);
    parts.put("node.json", self::toPrettyString);
    parts.put("doctor.json", () -> client.get("/api/v1/doctor?scope=cluster").toPrettyString());
    parts.put("netcheck.json", () -> client.get("/api/v1/netcheck").toPrettyString());
    ListDescription.all()
        .forEach(
            (name, list) ->
                parts.put(
                    name + ".json",
                    () ->
                        options
                            .list(client, list.path(), true, Integer.MAX_VALUE)
                            .toPrettyString()));
    parts.put("metrics.txt", () -> lines(client, "/metrics"));
    parts.put("events.txt", () -> lines(client, "/api/v1/events?follow=false"));
    return parts;
  }

  private static String lines(ApiClient client, String path) {
    StringBuilder text = new StringBuilder();
    client.stream(path, line -> text.append(line).append('\n'));
    return text.toString();
  }

  private static String about() {
    return """
    command  weft %s
    java     %s %s
    host     %s %s %s
    """
        .formatted(
            Version.current(),
            System.getProperty("java.vendor"),
            System.getProperty("java.version"),
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch"));
  }
}
