package dev.weft.api;

import dev.weft.bus.Bus;
import dev.weft.bus.Json;
import dev.weft.subnet.Agents;
import java.util.List;
import java.util.Map;

/** {@code /api/nodes} and {@code /health}, as agents of container runtimes ask for them. */
final class AgentResource {
  private record Nodes(List<Agents.AgentNode> nodes) {}

  private final Agents agents;

  AgentResource(Bus bus) {
    this.agents = bus.proxy(Agents.class);
  }

  void bind(Operations operations) {
    operations.answer(
        "registerAgent",
        ctx -> agents.register(Json.read(ctx.body().asString(), Agents.Registration.class)));
    operations.answer("agentHeartbeat", ctx -> agents.heartbeat(ctx.pathParam("id")));
    operations.answer("deregisterAgent", ctx -> agents.deregister(ctx.pathParam("id")));
    operations.answer("listAgents", ctx -> agents.list().map(Nodes::new));
    operations.handle(
        "agentHealth", ctx -> Operations.json(ctx.response(), Map.of("status", "ok")));
  }
}
