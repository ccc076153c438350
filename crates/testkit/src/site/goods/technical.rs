//! Fasteners, tools, electrical, plumbing, electronics.

use super::{Category, ONE, Words, machine, plain};

/// 紧固件
pub(super) const FASTENERS: Category = Category {
    prefix: "JG",
    items: 290,
    products: &[
        plain(
            ("内六角螺栓", "Socket head bolt"),
            "pcs",
            1,
            BOLTS,
            SURFACES,
        ),
        plain(("外六角螺栓", "Hex bolt"), "pcs", 1, BOLTS, SURFACES),
        plain(
            ("十字盘头螺钉", "Pan head screw"),
            "pcs",
            1,
            BOLTS,
            SURFACES,
        ),
        plain(("沉头螺钉", "Countersunk screw"), "pcs", 1, BOLTS, SURFACES),
        plain(("六角螺母", "Hex nut"), "pcs", 1, THREADS, SURFACES),
        plain(("法兰螺母", "Flange nut"), "pcs", 1, THREADS, SURFACES),
        plain(("防松螺母", "Lock nut"), "pcs", 1, THREADS, SURFACES),
        plain(("平垫圈", "Flat washer"), "pcs", 1, THREADS, SURFACES),
        plain(("弹簧垫圈", "Spring washer"), "pcs", 1, THREADS, SURFACES),
        plain(
            ("自攻螺钉（百支装）", "Self-tapping screws (100)"),
            "box",
            12,
            SELF_TAPPING,
            SURFACES,
        ),
        plain(
            ("膨胀螺栓", "Expansion anchor"),
            "pcs",
            24,
            ANCHORS,
            SURFACES,
        ),
    ],
};

/// 工具
pub(super) const TOOLS: Category = Category {
    prefix: "GJ",
    items: 190,
    products: &[
        plain(("开口扳手", "Open-end wrench"), "pcs", 6, WRENCHES, ONE),
        plain(("梅花扳手", "Ring wrench"), "pcs", 6, WRENCHES, ONE),
        plain(("棘轮套筒", "Ratchet socket"), "pcs", 12, WRENCHES, ONE),
        plain(("螺丝刀", "Screwdriver"), "pcs", 12, TIPS, TWO_COLOURS),
        plain(("内六角扳手", "Hex key"), "pcs", 24, KEYS, ONE),
        plain(("麻花钻头", "Twist drill"), "pcs", 1, DRILLS, DRILL_STEELS),
        plain(("尖嘴钳", "Long-nose pliers"), "pcs", 6, PLIERS, ONE),
        plain(("斜口钳", "Diagonal cutters"), "pcs", 6, PLIERS, ONE),
        plain(("钢丝钳", "Combination pliers"), "pcs", 6, PLIERS, ONE),
        plain(("活动扳手", "Adjustable wrench"), "pcs", 6, PLIERS, ONE),
        plain(("钢卷尺", "Tape measure"), "pcs", 12, TAPE_LENGTHS, COLOURS),
        plain(("砂轮片", "Abrasive disc"), "pcs", 24, DISCS, DISC_USES),
        plain(("砂纸", "Sandpaper sheet"), "pcs", 1, GRITS, DISC_USES),
        machine(("充电电钻", "Cordless drill"), VOLTS),
        machine(("充电扳手", "Cordless impact wrench"), VOLTS),
        machine(("激光测距仪", "Laser rangefinder"), RANGES),
        machine(("角磨机", "Angle grinder"), WATTS_TOOL),
        machine(("电锤", "Rotary hammer"), WATTS_TOOL),
    ],
};

/// 电气
pub(super) const ELECTRICAL: Category = Category {
    prefix: "DQ",
    items: 200,
    products: &[
        plain(("BV铜芯线", "Copper wire BV"), "m", 1, AREAS, COLOURS),
        plain(
            ("RVV护套线", "Sheathed cable RVV"),
            "m",
            1,
            CORES,
            TWO_COLOURS,
        ),
        plain(("断路器", "Circuit breaker"), "pcs", 1, POLES, AMPERES),
        plain(("墙壁开关", "Wall switch"), "pcs", 12, GANGS, PLATES),
        plain(("墙壁插座", "Wall socket"), "pcs", 12, SOCKETS, PLATES),
        plain(("LED灯泡", "LED bulb"), "pcs", 12, WATTS, LIGHTS),
        plain(("LED灯管", "LED tube"), "pcs", 24, WATTS, LIGHTS),
        plain(("热缩管", "Heat-shrink tube"), "m", 1, SHRINK, COLOURS),
        plain(
            ("尼龙扎带（百根装）", "Cable ties (100)"),
            "box",
            1,
            TIES,
            TWO_COLOURS,
        ),
        plain(("电工胶布", "Insulating tape"), "pcs", 12, COLOURS, ONE),
        plain(
            ("电缆卷盘", "Cable reel"),
            "pcs",
            1,
            TAPE_LENGTHS,
            TWO_COLOURS,
        ),
    ],
};

/// 管道
pub(super) const PLUMBING: Category = Category {
    prefix: "GD",
    items: 120,
    products: &[
        plain(("90°弯头", "90° elbow"), "pcs", 1, PIPES, PIPE_STUFF),
        plain(("三通", "Tee"), "pcs", 1, PIPES, PIPE_STUFF),
        plain(("直接", "Coupling"), "pcs", 1, PIPES, PIPE_STUFF),
        plain(("管帽", "End cap"), "pcs", 1, PIPES, PIPE_STUFF),
        plain(("球阀", "Ball valve"), "pcs", 1, PIPES, PIPE_STUFF),
        plain(("止回阀", "Check valve"), "pcs", 1, PIPES, PIPE_STUFF),
        plain(("管卡", "Pipe clip"), "pcs", 24, PIPES, PIPE_STUFF),
        plain(("软管", "Hose"), "m", 1, HOSES, HOSE_STUFF),
        plain(("生料带", "Thread seal tape"), "pcs", 24, HOSES, ONE),
    ],
};

/// 电子
pub(super) const ELECTRONICS: Category = Category {
    prefix: "DZ",
    items: 140,
    products: &[
        plain(("数据线", "USB cable"), "pcs", 12, USB, CABLE_LENGTHS),
        plain(
            ("网线", "Network cable"),
            "pcs",
            1,
            NETWORK,
            NETWORK_LENGTHS,
        ),
        plain(("充电头", "USB charger"), "pcs", 6, CHARGERS, TWO_COLOURS),
        plain(("电池", "Battery"), "pcs", 24, BATTERIES, BATTERY_KINDS),
        plain(("U盘", "USB flash drive"), "pcs", 12, CAPACITY, COLOURS),
        plain(("存储卡", "Memory card"), "pcs", 12, CAPACITY, ONE),
        plain(("鼠标", "Mouse"), "pcs", 6, SCANNERS, COLOURS),
        plain(("键盘", "Keyboard"), "pcs", 6, SCANNERS, TWO_COLOURS),
        machine(("条码扫描枪", "Barcode scanner"), SCANNERS),
        machine(("热敏标签打印机", "Thermal label printer"), PRINTERS),
    ],
};

const COLOURS: Words = "红色=red; 蓝色=blue; 黑色=black; 白色=white; 绿色=green; 黄色=yellow";
const TWO_COLOURS: Words = "黑色=black; 白色=white";
const BOLTS: Words = "\
    M3×8; M3×12; M4×10; M4×16; M5×12; M5×20; M6×16; M6×25; M8×20; M8×30; M10×30; \
    M10×40; M12×50; M12×60";
const THREADS: Words = "M3; M4; M5; M6; M8; M10; M12; M16";
const SURFACES: Words = "304不锈钢=A2 stainless; 镀锌=zinc plated; 8.8级发黑=grade 8.8 black";
const SELF_TAPPING: Words = "3.5×16; 3.5×25; 4×20; 4×30; 4×40; 5×30; 5×50; 6×60";
const ANCHORS: Words = "M6×60; M8×80; M10×100; M12×120; M16×150";
const WRENCHES: Words = "\
    6 mm; 7 mm; 8 mm; 10 mm; 12 mm; 13 mm; 14 mm; 17 mm; 19 mm; 22 mm; 24 mm; \
    27 mm";
const TIPS: Words = "PH0×75; PH1×100; PH2×100; PH2×150; PH3×200; SL3×75; SL5×100; SL6×150";
const KEYS: Words = "1.5 mm; 2 mm; 2.5 mm; 3 mm; 4 mm; 5 mm; 6 mm; 8 mm; 10 mm";
const DRILLS: Words = "\
    2 mm; 2.5 mm; 3 mm; 3.3 mm; 4 mm; 4.2 mm; 5 mm; 6 mm; 6.8 mm; 8 mm; 8.5 mm; \
    10 mm; 12 mm; 13 mm";
const DRILL_STEELS: Words = "高速钢=HSS; 含钴=cobalt; 镀钛=titanium coated";
const PLIERS: Words = "6寸=6 inch; 7寸=7 inch; 8寸=8 inch; 10寸=10 inch";
const TAPE_LENGTHS: Words = "3 m; 5 m; 7.5 m; 10 m";
const DISCS: Words = "100 mm; 115 mm; 125 mm; 150 mm; 180 mm";
const DISC_USES: Words = "切割=cutting; 打磨=grinding; 抛光=polishing";
const GRITS: Words = "\
    60目=grit 60; 80目=grit 80; 120目=grit 120; 180目=grit 180; 240目=grit 240; \
    320目=grit 320; 400目=grit 400; 600目=grit 600";
const VOLTS: Words = "12 V; 18 V; 20 V; 36 V";
const RANGES: Words = "40 m; 60 m; 100 m";
const WATTS_TOOL: Words = "700 W; 1000 W; 1400 W";
const AREAS: Words = "1 mm²; 1.5 mm²; 2.5 mm²; 4 mm²; 6 mm²; 10 mm²";
const CORES: Words = "\
    2芯 0.75 mm²=2-core 0.75 mm²; 2芯 1 mm²=2-core 1 mm²; \
    2芯 1.5 mm²=2-core 1.5 mm²; 3芯 1 mm²=3-core 1 mm²; 3芯 1.5 mm²=3-core 1.5 mm²; \
    3芯 2.5 mm²=3-core 2.5 mm²";
const POLES: Words = "1P; 2P; 3P; 4P";
const AMPERES: Words = "6 A; 10 A; 16 A; 20 A; 25 A; 32 A; 40 A; 63 A";
const GANGS: Words = "一开=1-gang; 二开=2-gang; 三开=3-gang; 四开=4-gang";
const PLATES: Words = "白色=white; 灰色=grey; 香槟金=champagne";
const SOCKETS: Words = "五孔=5-hole; 七孔=7-hole; 十孔=10-hole; 带USB=with USB";
const WATTS: Words = "3 W; 5 W; 7 W; 9 W; 12 W; 15 W; 20 W";
const LIGHTS: Words = "暖光=warm white; 自然光=neutral white; 白光=cool white";
const SHRINK: Words = "2 mm; 3 mm; 4 mm; 6 mm; 8 mm; 10 mm";
const TIES: Words = "2.5×100; 3×150; 4×200; 4×300; 5×300; 5×400; 8×500";
const PIPES: Words = "DN15; DN20; DN25; DN32; DN40; DN50; DN75; DN110";
const PIPE_STUFF: Words = "PVC; PPR";
const HOSES: Words = "4分=1/2 inch; 6分=3/4 inch; 1寸=1 inch";
const HOSE_STUFF: Words = "PVC透明=clear PVC; 橡胶=rubber; 编织=braided";
const USB: Words = "A转C=A to C; C转C=C to C; A转Micro=A to Micro; C转Lightning=C to Lightning";
const CABLE_LENGTHS: Words = "0.5 m; 1 m; 2 m; 3 m";
const NETWORK: Words = "超五类=Cat 5e; 六类=Cat 6; 超六类=Cat 6A";
const NETWORK_LENGTHS: Words = "\
    1 m 蓝色=1 m blue; 1 m 灰色=1 m grey; 1 m 黄色=1 m yellow; 2 m 蓝色=2 m blue; \
    2 m 灰色=2 m grey; 2 m 黄色=2 m yellow; 3 m 蓝色=3 m blue; 3 m 灰色=3 m grey; \
    3 m 黄色=3 m yellow; 5 m 蓝色=5 m blue; 5 m 灰色=5 m grey; 5 m 黄色=5 m yellow; \
    10 m 蓝色=10 m blue; 10 m 灰色=10 m grey; 10 m 黄色=10 m yellow";
const CHARGERS: Words = "10 W; 20 W; 33 W; 65 W; 100 W";
const BATTERIES: Words =
    "5号=AA; 7号=AAA; 1号=D; 9V; 纽扣CR2032=button CR2032; 纽扣CR2025=button CR2025";
const BATTERY_KINDS: Words = "碱性=alkaline; 碳性=zinc carbon; 镍氢=NiMH";
const CAPACITY: Words = "16 GB; 32 GB; 64 GB; 128 GB; 256 GB";
const SCANNERS: Words = "有线=wired; 无线=cordless; 蓝牙=Bluetooth";
const PRINTERS: Words = "203 dpi; 300 dpi";
