package dev.weft.cluster;

import com.hazelcast.config.Config;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.MultiMapConfig;
import com.hazelcast.config.NetworkConfig;
import dev.weft.config.ClusterConfig;
import dev.weft.identity.Identity;

/** Hazelcast as Weft wants it: found by an explicit list, silent to strangers, quick to notice. */
final class HazelcastSettings {
  /** The member attribute that says which node a member is; its record proves it. */
  static final String NODE_ATTRIBUTE = "weft.node";

  /**
   * The member attribute with the fingerprint of its CA; for telling a person, it proves nothing.
   */
  static final String CA_ATTRIBUTE = "weft.ca";

  private HazelcastSettings() {}

  static Config of(ClusterConfig cluster, Identity identity) {
    String nodeId = identity.nodeId().value();
    Config config = new Config();
    // What the event bus's subscriptions live in, as vertx-hazelcast's default-cluster.xml has it.
    config.addMultiMapConfig(
        new MultiMapConfig("__vertx.subs")
            .setBackupCount(1)
            .setValueCollectionType(MultiMapConfig.ValueCollectionType.SET));
    config.addMapConfig(new MapConfig("__vertx.haInfo").setBackupCount(1));
    config.addMapConfig(new MapConfig("__vertx.nodeInfo").setBackupCount(1));
    config.setClusterName(cluster.name());
    config.setInstanceName("weft-" + nodeId + "-" + java.util.UUID.randomUUID());
    config.getMemberAttributeConfig().setAttribute(NODE_ATTRIBUTE, nodeId);
    config
        .getMemberAttributeConfig()
        .setAttribute(CA_ATTRIBUTE, identity.caFingerprint().orElse(""));
    config.getJetConfig().setEnabled(false);
    config.addMapConfig(new MapConfig(ClusterNode.MAP_PREFIX + "*").setBackupCount(2));

    config.addMapConfig(
        new MapConfig(ClusterNode.MAP_PREFIX + ClusterNode.LEASE_PREFIX + "*")
            .setBackupCount(MapConfig.MAX_BACKUP_COUNT));

    NetworkConfig network = config.getNetworkConfig();
    network.setPort(cluster.port()).setPortAutoIncrement(false).setReuseAddress(true);
    network.getInterfaces().setEnabled(true).addInterface(cluster.bind());
    JoinConfig join = network.getJoin();
    join.getAutoDetectionConfig().setEnabled(false);
    join.getMulticastConfig().setEnabled(false);
    join.getTcpIpConfig().setEnabled(!cluster.join().isEmpty()).setConnectionTimeoutSeconds(2);
    cluster.join().forEach(peer -> join.getTcpIpConfig().addMember(peer.toString()));

    JavaSerializationFilterConfig filter = new JavaSerializationFilterConfig();
    filter.getWhitelist().addPackages("io.vertx.spi.cluster.hazelcast.impl", "java.lang");
    config.getSerializationConfig().setJavaSerializationFilterConfig(filter);

    config
        .setProperty("hazelcast.logging.type", "slf4j")
        .setProperty("hazelcast.shutdownhook.enabled", "false")
        // Nothing is lost with a member that leaves; one that does not answer must not hold it up.
        .setProperty("hazelcast.graceful.shutdown.max.wait", "4")
        .setProperty("hazelcast.phone.home.enabled", "false")
        .setProperty("hazelcast.socket.bind.any", "false")
        .setProperty("hazelcast.prefer.ipv4.stack", String.valueOf(!cluster.bind().contains(":")))
        // Its default 5 s wait for more members costs every start; latecomers find us anyway.
        .setProperty("hazelcast.wait.seconds.before.join", "0")
        .setProperty("hazelcast.max.join.seconds", "30")
        .setProperty("hazelcast.heartbeat.interval.seconds", "1")
        .setProperty("hazelcast.max.no.heartbeat.seconds", "10")
        // Two nodes that started in the same moment and did not meet become one soon.
        .setProperty("hazelcast.merge.first.run.delay.seconds", "2")
        .setProperty("hazelcast.merge.next.run.delay.seconds", "10")
        .setProperty("hazelcast.partition.count", "71")
        .setProperty("hazelcast.operation.thread.count", "1")
        .setProperty("hazelcast.operation.generic.thread.count", "1")
        .setProperty("hazelcast.io.thread.count", "1")
        .setProperty("hazelcast.event.thread.count", "1")
        .setProperty("hazelcast.operation.response.thread.count", "1")
        // Threads that watch Hazelcast itself; nobody reads what they report.
        .setProperty("hazelcast.health.monitoring.level", "OFF")
        .setProperty("hazelcast.slow.operation.detector.enabled", "false");
    config.getMetricsConfig().setEnabled(false);
    return config;
  }
}
