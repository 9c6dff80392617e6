"""What each word of a prompt's vocabulary stands for: phrases that a text is held against, several senses each, separated by commas."""

ANCHORS = {
    "impact": "impact, collision, a heavy object falls and hits the floor, something bumps into a wall, a thud, bang and crash, a ball bounces, the door slams shut, "
              "dropping a box, knock over, clash, slam, smash, bump, clunk, bouncing, dropped",
    "strike": "strike with a hammer, hammering a nail, hit with a stick, beating, a sword blow, chopping with an axe, hammer, mallet, whack, pounding, punch, slap, knocking",
    "drum": "drum, drums, drummer, snare drum, bass drum, percussion, cymbals, tom-tom, bongo, drumming, timpani, drumbeat",
    "key": "piano, piano keys, playing the keyboard, a pianist plays a melody, organ, synthesizer, musical notes, xylophone, harpsichord, chords",
    "typing": "typing, typing on a computer keyboard, typewriter, keystrokes, laptop keyboard, mouse clicks, typed, clicking buttons, typist",
    "explosion": "explosion, explode, bomb blast, grenade detonates, exploding, blew up, dynamite, fireworks, detonation, exploded, cannon, blasts, missile",
    "shot": "gunshot, gun shot, gunfire, rifle, pistol fired, shooting a gun, machine gun, shotgun, bullets, sniper, firing a weapon, revolver",
    "arcade": "arcade, video game, arcade game, mario jumps, nintendo, pac-man, collecting coins, pixel, retro console, platformer, bleep, beep, atari, power-up",
    "footstep": "footsteps, walking, footstep, walks on the floor, running feet, boots, a person runs, high heels, strolling, tiptoe, jogging, stomping, marching, shoes, tread",
    "engine": "engine, motor, car engine, motorcycle, truck, diesel engine, driving, race car, tractor, vehicle, accelerating, revving, automobile, lorry, turbine, helicopter",
    "whirr": "whirr, electric fan, spinning, propeller, whirring, rotating blades, ventilator, hum of a machine, spinning wheel, drone, buzzing, windmill, blender, "
             "vacuum cleaner, rotor, drill",
    "roll": "rolling, roll, a ball rolls, marble rolling, sliding across the table, skateboard, rolls down, wheels rolling, dragging, slides, sliding, bowling ball, scraping",
    "rain": "rain, rainfall, heavy rain, raindrops, drizzle, downpour, rainy, thunderstorm, showers, raining",
    "fire": "fire, flames, burning, campfire, bonfire, crackling, fireplace, burning wood, blaze, torch, candle, embers, burns",
    "wind": "wind, gust, gusts, breeze, windy, storm winds, wind in the leaves, rustling leaves, blowing, hurricane, gale, howling",
    "wood": "wood, wooden, timber, oak, plank, wooden box, wooden door, planks, lumber, log, plywood, pine, wooden floor, hardwood, crate, bamboo, stick",
    "metal": "metal, steel, iron, metallic, aluminum, brass, copper, tin, metal pipe, steel door, iron gate, chain, sword, bronze, rusty, tin can, steel pan, anvil",
    "glass": "glass, bottle, window pane, broken glass, wine glass, shattered, crystal, glass jar, mirror, glasses, porcelain, bottles, shattering, vase",
    "rubber": "rubber, rubber ball, tire, tyre, latex, basketball, tennis ball, rubber duck, tires, elastic, balloon, rubber boots, trampoline",
    "stone": "stone, stones, rock, brick, boulder, marble, concrete, granite, cobblestone, pavement, rocks, limestone, slab, cave, tiles, pebble, sandstone",
    "plastic": "plastic, plastic bottle, plastic cup, plastic bag, toy, lego, polystyrene, vinyl, plastics, nylon, bucket, container, acrylic",
    "grass": "grass, lawn, meadow, grassy, field of grass, pasture, weeds, hay, grasses, turf, garden, leaves, bushes, hedge",
    "gravel": "gravel, gravel path, pebbles, driveway, gravelly, crushed stone, sand and gravel, dirt road, unpaved, rubble, sand, shingle",
    "snow": "snow, snowy, snowfall, ice, fresh snow, frozen, snowball, ski, blizzard, slush, sledge, skiing, icy, frost, winter",
    "bell": "bell, bells, church bell, bell tower, ringing, doorbell, chimes, gong, bell tolls, ding, hand bell, carillon, ringing a bell, tolling",
    "clock": "clock, clock ticking, ticking, tick, alarm clock, pendulum, metronome, cuckoo clock, wristwatch, timer, stopwatch, tick tock",
    "water": "water, splash, splashing, dripping, drips, drops of water, river, stream, waterfall, ocean waves, waves, surf, sea, pouring water, fountain, brook, puddle, swimming",
    "animal": "animal, animals, dog barks, barking, cat meows, bird, birds, birdsong, chirping, cow, sheep, horse, rooster, frog, lion roars, duck, growl, howling wolf",
}
