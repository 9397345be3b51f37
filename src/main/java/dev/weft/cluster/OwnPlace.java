package dev.weft.cluster;

import dev.weft.bus.Bus;
import dev.weft.bus.Fact;
import dev.weft.bus.Signer;
import dev.weft.telemetry.Health;
import io.vertx.core.Vertx;
import java.util.List;

/** What the places of members and of outposts have alike: who this node is, and who is away. */
abstract class OwnPlace implements ClusterPlace {
  final TableContext context;
  final ClusterThread thread;
  final Health health;
  final AwayMembers away;

  /** Null before the node announces itself. */
  private volatile Bus bus;

  OwnPlace(TableContext context, Health health, AwayMembers away) {
    this.context = context;
    this.thread = context.thread();
    this.health = health;
    this.away = away;
  }

  @Override
  public final Vertx vertx() {
    return context.vertx();
  }

  @Override
  public final Signer signer() {
    return context.signer();
  }

  @Override
  public final long epoch() {
    return context.epoch();
  }

  @Override
  public final String self() {
    return context.self();
  }

  @Override
  public final List<AwayMember> away() {
    return away.list();
  }

  /** Facts are published from now on; before, nobody listens. */
  final void publishOn(Bus opened) {
    bus = opened;
  }

  final void publish(Fact fact) {
    Bus opened = bus;
    if (opened != null) {
      opened.publish(fact);
    }
  }

  /** A node has become a member or has changed its record (true), or has left. */
  final void changed(Member member, boolean joined) {
    if (!member.id().equals(self())) {
      away.changed(member, joined);
    }
    publish(new MemberChanged(member.id(), member.name(), joined));
  }

  /** Forgets who is to be forgotten, and shows in the health who is away. */
  final void review(Tables tables) {
    away.review(common(AwayMembers.FORGOTTEN).rows(), tables, this::publish);
    away.show(health);
  }
}
