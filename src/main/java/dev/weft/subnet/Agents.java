package dev.weft.subnet;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.vertx.core.Future;
import java.util.List;

/**
 * The control plane for nodes that are no members: hosts with a container runtime and an agent of
 * its own that asks for a subnet and reports that it lives.
 */
public interface Agents {
  /**
   * What an agent says of its host.
   *
   * @param hostIp address literal; a host is known by it
   * @param ramMb MiB
   */
  record Registration(
      String hostname,
      @JsonProperty("host_ip") String hostIp,
      @JsonProperty("cpu_cores") int cpuCores,
      @JsonProperty("ram_mb") long ramMb) {}

  /** What it gets. */
  record Registered(@JsonProperty("node_id") String nodeId, String subnet) {}

  /**
   * An agent's node; times in Unix seconds.
   *
   * @param status {@code up}, or {@code down} after 30 s without a heartbeat
   */
  record AgentNode(
      @JsonProperty("node_id") String nodeId,
      String hostname,
      @JsonProperty("host_ip") String hostIp,
      String subnet,
      @JsonProperty("cpu_cores") int cpuCores,
      @JsonProperty("ram_mb") long ramMb,
      String status,
      @JsonProperty("registered_at") long registeredAt,
      @JsonProperty("last_heartbeat") long lastHeartbeat) {}

  /**
   * Makes a host known and leases it a subnet; the same address again is the same node and subnet.
   * On a host where a member runs it is the member's subnet.
   */
  Future<Registered> register(Registration host);

  /** NOT_FOUND for a node that is not registered, also for one that was. */
  Future<Void> heartbeat(String nodeId);

  /** Forgets the node and frees its subnet. NOT_FOUND for one that is not registered. */
  Future<Void> deregister(String nodeId);

  /** Every registered node, by id. */
  Future<List<AgentNode>> list();
}
