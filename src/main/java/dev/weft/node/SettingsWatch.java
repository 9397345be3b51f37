package dev.weft.node;

import dev.weft.cluster.SharedSettings;
import dev.weft.cluster.SharedSettings.Difference;
import dev.weft.config.WeftConfig;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;

/** Tells the other members what all must have alike, and shows in the health what differs. */
final class SettingsWatch {
  /** What does not work where members differ, by setting. */
  private static final Map<String, String> AFFECTS =
      Map.of(
          "subnets.cidr",
          "nodes with the rarer value get no subnet, and pods of the two do not reach each other",
          "subnets.cidr6",
          "pods of the two do not reach each other by IPv6",
          "subnets.prefix",
          "nodes with the rarer value get no subnet, and pods of the two do not reach each other",
          "subnets.vni",
          "packets by VXLAN between pods of the two do not arrive",
          "subnets.port",
          "packets by VXLAN between pods of the two do not arrive",
          "nsm.cidr",
          "connections to network services may get addresses that are in use on another node",
          "nsm.cidr6",
          "connections to network services may get addresses that are in use on another node");

  private final SharedSettings settings;
  private final Health health;

  private SettingsWatch(SharedSettings settings, Health health) {
    this.settings = settings;
    this.health = health;
  }

  /** Done once the others can see this node's settings. */
  static Future<Void> start(SharedSettings settings, WeftConfig config, Health health) {
    SettingsWatch watch = new SettingsWatch(settings, health);
    settings.onChange(watch::look);
    return settings.tell(of(config));
  }

  private static Map<String, String> of(WeftConfig config) {
    return Map.of(
        "subnets.cidr",
        config.subnets().cidr().toString(),
        "subnets.cidr6",
        config.subnets().cidr6().map(Object::toString).orElse("none"),
        "subnets.prefix",
        Integer.toString(config.subnets().prefix()),
        "subnets.vni",
        Integer.toString(config.subnets().vni()),
        "subnets.port",
        Integer.toString(config.subnets().port()),
        "nsm.cidr",
        config.nsm().cidr().toString(),
        "nsm.cidr6",
        config.nsm().cidr6().map(Object::toString).orElse("none"));
  }

  private void look() {
    List<Difference> differences = settings.differences();
    for (Map.Entry<String, String> setting : AFFECTS.entrySet()) {
      String key = setting.getKey();
      String text =
          differences.stream()
              .filter(d -> d.key().equals(key))
              .map(Difference::text)
              .findFirst()
              .orElse("");
      health.show(
          !text.isEmpty(),
          new Health.Warning(
              key.startsWith("nsm.") ? "nsm" : "subnet",
              "differs-" + key.replace('.', '-'),
              text,
              setting.getValue(),
              "set " + key + " alike on all members and start those that are changed again"));
    }
  }
}
